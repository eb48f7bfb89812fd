"""Which days a report covers: those that were named, or the latest; never too many."""

from datetime import UTC, date, datetime, timedelta

import pytest
from rollcall.domain.reports.window import DAYS_DEFAULT, DAYS_MAX, DayWindow, check_days
from rollcall.errors import WindowInvalid

TODAY = date(2026, 3, 10)
DAY = timedelta(days=1)


def test_a_window_that_nobody_named_ends_with_today() -> None:
    """The latest 28 days, today included."""
    window = DayWindow.latest(None, None, TODAY)

    assert (window.last, window.end - window.first) == (TODAY, timedelta(days=DAYS_DEFAULT))
    assert window.begins_at == datetime(2026, 2, 11, tzinfo=UTC)
    assert window.ends_at == datetime(2026, 3, 11, tzinfo=UTC)


def test_an_end_that_is_left_out_follows_from_the_other() -> None:
    """So many days after the first, or before the end."""
    assert DayWindow.latest(TODAY, None, TODAY, 7) == DayWindow(TODAY, TODAY + 7 * DAY)
    assert DayWindow.latest(None, TODAY, TODAY, 7) == DayWindow(TODAY - 7 * DAY, TODAY)


@pytest.mark.parametrize(
    ("first", "end"),
    [
        (TODAY, TODAY), (TODAY, TODAY - DAY), (TODAY, TODAY + (DAYS_MAX + 1) * DAY), (None, date.min),
        (date.max, None),
    ],
)  # fmt: skip
def test_a_window_that_is_none_is_refused(first: date | None, end: date | None) -> None:
    """Empty, backwards, too long, or beyond what a calendar has."""
    with pytest.raises(WindowInvalid):
        DayWindow.latest(first, end, TODAY)


def test_an_open_end_is_any() -> None:
    """Only a window with both ends can be wrong."""
    check_days(None, TODAY)
    check_days(TODAY, None)
    check_days(TODAY, TODAY + DAYS_MAX * DAY)
    with pytest.raises(WindowInvalid):
        check_days(TODAY, TODAY)
