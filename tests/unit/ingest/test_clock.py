"""A client's clock: when it is corrected, and when its own word stands."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollcall.domain.ingest.accepted_window import AcceptedWindow
from rollcall.domain.ingest.clock import ClockSkew

from tests.builders import NOW

DAY, HOUR, MINUTE, SECOND = (timedelta(**{unit: 1}) for unit in ("days", "hours", "minutes", "seconds"))
WINDOW = AcceptedWindow.at(NOW, 30 * DAY)
# How far sentAt is behind our clock, how long before sentAt it happened, and whether the clock is corrected.
CASES: dict[str, tuple[timedelta, timedelta, bool]] = {
    "at once": (0 * SECOND, 0 * SECOND, False),
    "on its way for a second": (SECOND, SECOND, False),
    "on its way for a minute": (MINUTE, SECOND, False),
    "a minute ahead": (-MINUTE, SECOND, False),
    "an event of last week, sent now": (SECOND, 7 * DAY, False),
    "behind by more than a minute": (61 * SECOND, SECOND, True),
    "ahead by more than a minute": (-61 * SECOND, SECOND, True),
    "two hours behind": (2 * HOUR, 5 * MINUTE, True),
    "two hours ahead": (-2 * HOUR, 5 * MINUTE, True),
    "two hours behind, an event of last week": (2 * HOUR, 7 * DAY, True),
    "a day behind": (DAY, MINUTE, True),
    "three days ahead": (-3 * DAY, MINUTE, True),
    "a year ahead": (-365 * DAY, MINUTE, True),
    "sentAt 20 hours before the event": (20 * HOUR, -20 * HOUR, False),
    "sentAt a second before the event": (2 * HOUR, -SECOND, False),
    "sentAt without fractions, in the second of the event": (2 * HOUR, timedelta(microseconds=-1), True),
    "sentAt ahead, and before the event": (-2 * HOUR, -HOUR, False),
    "sent again after ten days, with the sentAt of then": (10 * DAY, SECOND, False),
    "sent again after a day and a bit": (DAY + MINUTE, SECOND, False),
    "sent again after 40 days": (40 * DAY, SECOND, False),
    "a clock that starts 100 days ago": (100 * DAY, MINUTE, True),
    "a clock that starts in 1970": (NOW - datetime(1970, 1, 1, tzinfo=UTC), MINUTE, True),
    "a year behind, an event of 40 days before that": (365 * DAY, 40 * DAY, False),
}


@pytest.mark.parametrize(("behind", "before", "is_corrected"), CASES.values(), ids=CASES.keys())
def test_a_clock_is_corrected_where_it_is_a_clock(behind: timedelta, before: timedelta, is_corrected: bool) -> None:
    """Not for the time on the way, nor by a sentAt that is old, nor out of the accepted window."""
    sent_at = NOW - behind
    told_at = sent_at - before
    skew = ClockSkew.between(sent_at, NOW, WINDOW)
    assert skew.correct(told_at) == (NOW - before if is_corrected else told_at)


@pytest.mark.parametrize("told_at", [NOW, NOW - 7 * DAY, NOW + 2 * HOUR, NOW - 400 * DAY])
def test_a_client_that_does_not_say_when_it_sent_is_believed(told_at: datetime) -> None:
    """Nothing is known of its clock."""
    assert ClockSkew.between(None, NOW, WINDOW).correct(told_at) == told_at


TIMES = st.datetimes(timezones=st.just(UTC))


@given(TIMES, TIMES, TIMES)
def test_no_time_leads_out_of_the_window_or_fails(told_at: datetime, sent_at: datetime, received_at: datetime) -> None:
    """For any claim the result is the client's time or an accepted time, and never later than the receipt."""
    window = AcceptedWindow(received_at - min(30 * DAY, received_at - datetime.min.replace(tzinfo=UTC)), received_at)
    corrected = ClockSkew.between(sent_at, received_at, window).correct(told_at)
    assert corrected == told_at or (window.holds(corrected) and corrected <= received_at + SECOND)
