"""Times as clients write them: one table of forms, everything in UTC."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from rollcall.contracts.times import (
    FORMS,
    Day,
    ForeignTime,
    MessageTime,
    Timestamp,
    WindowTime,
    read_foreign_time,
    read_kept_time,
    read_time,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIMESTAMP: TypeAdapter[datetime] = TypeAdapter(Timestamp)
WINDOW: TypeAdapter[datetime] = TypeAdapter(WindowTime)
MESSAGE: TypeAdapter[datetime] = TypeAdapter(MessageTime)
FOREIGN: TypeAdapter[datetime | None] = TypeAdapter(ForeignTime)
DAY: TypeAdapter[date] = TypeAdapter(Day)

STRICT = {
    "2026-03-01T12:00:00Z": NOON,
    "2026-03-01t12:00:00z": NOON,
    "2026-03-01T12:00:00+00:00": NOON,
    "2026-03-01T12:00:00-00:00": NOON,
    "2026-03-01T14:30:00+02:30": NOON,
    "2026-03-02T04:00:00+16:00": NOON,
    "2026-03-02T11:59:00+23:59": NOON,
    "2026-02-28T12:01:00-23:59": NOON,
    "2026-03-01T12:00:00.1Z": NOON.replace(microsecond=100_000),
    "2026-03-01T12:00:00.123456Z": NOON.replace(microsecond=123_456),
    "2026-03-01T12:00:00.123456999999Z": NOON.replace(microsecond=123_456),
    "2016-12-31T23:59:60Z": datetime(2017, 1, 1, tzinfo=UTC),
    "2017-01-01T00:59:60.5+01:00": datetime(2017, 1, 1, tzinfo=UTC),
    "2024-02-29T00:00:00Z": datetime(2024, 2, 29, tzinfo=UTC),
    "0001-01-01T00:00:00Z": datetime(1, 1, 1, tzinfo=UTC),
    "0001-01-01T00:00:00-23:59": datetime(1, 1, 1, 23, 59, tzinfo=UTC),
    "9999-12-31T23:59:59.999999Z": datetime.max.replace(tzinfo=UTC),
    "9999-12-31T23:59:59+12:00": datetime(9999, 12, 31, 11, 59, 59, tzinfo=UTC),
}
# No RFC 3339, but what clients that others wrote send.
LENIENT = {
    " 2026-03-01T12:00:00Z ": NOON,
    "2026-03-01T12:00:00Z\n": NOON,
    "2026-03-01 12:00:00Z": NOON,
    "2026-03-01T12:00:00": NOON,
    "2026-03-01 12:00:00": NOON,
    "2026-03-01 12:00:00 UTC": NOON,
    "2026-03-01T12:00": NOON,
    "2026-03-01T12Z": NOON,
    "2026-03-01T13:00:00+01": NOON,
    "2026-03-01T13:00:00 +0100": NOON,
    "2026-03-01T12:00:00,5Z": NOON.replace(microsecond=500_000),
    "20260301T120000Z": NOON,
    "2026-W09-7T12:00:00Z": NOON,
    "2026-03-01T24:00:00Z": datetime(2026, 3, 2, tzinfo=UTC),
    "2026-03-01": datetime(2026, 3, 1, tzinfo=UTC),
    "Sun, 01 Mar 2026 12:00:00 GMT": NOON,
    "1 Mar 2026 13:00:00 +0100": NOON,
    "1772366400000": NOON,
    "1772366400": NOON,
    "1772366400.5": NOON.replace(microsecond=500_000),
    1_772_366_400_000: NOON,
    1_772_366_400_000.5: NOON.replace(microsecond=500),
    1_772_366_400: NOON,
    1_772_366_400.25: NOON.replace(microsecond=250_000),
    1_772_366_400_000_000: NOON,
    1_772_366_400_000_001: NOON.replace(microsecond=1),
    "1772366400000001": NOON.replace(microsecond=1),
    1_772_366_400_000_001_000: NOON.replace(microsecond=1),
    "1772366400000001000": NOON.replace(microsecond=1),
    "Sun Mar 01 2026 12:00:00 GMT+0000 (Coordinated Universal Time)": NOON,
    "Sun Mar 01 2026 13:00:00 GMT+0100 (Mitteleurop\u00e4ische Normalzeit)": NOON,
    "Sun Mar 01 2026 13:00:00 GMT+0100": NOON,
    "Sun Mar 01 2026 12:00:00 GMT": NOON,
    "2026-03-01 12:00:00.5 +0000 UTC": NOON.replace(microsecond=500_000),
    "2026-03-01 13:00:00.123456789 +0100 CET m=+0.000012": NOON.replace(microsecond=123_456),
    "2026-03-01 09:00:00 -0300 -03": NOON,
    "2026-03-01T13:00:00+01:00[Europe/Berlin]": NOON,
    "2026-03-01T12:00Z[UTC]": NOON,
    "2026-03-01 14:00:00 GMT+02:00": NOON,
    "Sun Mar  1 12:00:00 2026": NOON,
    "Sun Mar 01 12:00:00 UTC 2026": NOON,
    "Sun Mar 01 13:00:00 +0100 2026": NOON,
}
WRONG = [
    "2026-02-30T12:00:00Z",
    "2026-13-01T12:00:00Z",
    "2025-02-29T00:00:00Z",
    "2026-03-01T25:00:00Z",
    "2026-03-01T24:00:01Z",
    "2026-03-01T12:60:00Z",
    "2026-03-01T12:00:61Z",
    "2026-03-01T12:00:60Z",
    "2016-12-31T23:59:60+01:00",
    "2026-03-01T12:00:00+24:00",
    "2026-03-01T12:00:00+10:60",
    "2026-03-01T12:00:00+99:99",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "9999-12-31T23:59:60Z",
    "9999-12-31T24:00:00Z",
    "+002026-03-01T12:00:00Z",
    "12026-03-01T12:00:00Z",
    "2026-03-01T12:00:00Z\x00",
    "2026-03-01T12:00:00\u066000Z",
    "٢٠٢٦-03-01T12:00:00Z",
    "infinity",
    "-infinity",
    "now",
    "tomorrow",
    "Invalid Date",
    "epoch",
    "NaN",
    "1",
    "946684799999999",
    "1e12",
    "-1772366400000",
    "0x1772366400",
    "03/01/2026",
    "01.03.2026 12:00",
    "3/1/2026, 12:00:00 PM",
    "yesterday",
    "2026-03-01 12:00:00 CET",
    "2026-03-01T12:00:00[Europe/Berlin]",
    "2026-03-01 12:00:00 (Central European Standard Time)",
    "Sun Mar 01 2026 12:00:00 EST",
    "Sun Mar 01 12:00:00 EST 2026",
    "Sun Foo 01 2026 12:00:00 GMT+0000",
    "Sun Feb 30 2026 12:00:00 GMT+0000",
    "Sun Mar 01 2026",
    "4102444800000001",
    "17723664000000010000",
]


@pytest.mark.parametrize(("text", "moment"), STRICT.items())
def test_rfc_3339_is_read_as_utc(text: str, moment: datetime) -> None:
    """Each form of RFC 3339 is the same moment in UTC, by every reader."""
    found: list[datetime | None] = [
        read_time(text),
        TIMESTAMP.validate_json(f'"{text}"'),
        TIMESTAMP.validate_strings(text),
        read_foreign_time(text),
        FOREIGN.validate_json(f'"{text}"'),
    ]
    assert found == [moment] * len(found)
    assert {each.utcoffset() for each in found if each} == {timedelta(0)}


@pytest.mark.parametrize(("written", "moment"), LENIENT.items())
def test_foreign_forms_are_read_and_refused_by_our_own_routes(written: Any, moment: datetime) -> None:
    """What clients that others wrote send is read for them, as UTC where it names no offset; our routes refuse it."""
    assert read_foreign_time(written) == moment
    assert FOREIGN.validate_python(written) == moment
    with pytest.raises(ValidationError):
        TIMESTAMP.validate_strings(written if isinstance(written, str) else str(written))


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_time_is_refused_by_every_reader(text: str) -> None:
    """The date is in no calendar, or is ambiguous: each reader refuses it in its own words, without the text."""
    with pytest.raises(ValueError):  # noqa: PT011 - that it is refused is all
        read_time(text)
    with pytest.raises(ValueError):  # noqa: PT011
        read_foreign_time(text)
    for adapter in (TIMESTAMP, FOREIGN):
        with pytest.raises(ValidationError) as refused:
            adapter.validate_strings(text)
        assert {error["type"] for error in refused.value.errors()} == {"timestamp_invalid"}


@pytest.mark.parametrize("value", [None, "", "  "])
def test_an_empty_time_is_none(value: Any) -> None:
    """Clients leave a time out by an empty text."""
    assert read_foreign_time(value) is None


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        [],
        {},
        0,
        1,
        -1,
        1e9 - 1e8,
        5e9,
        4.2e12,
        4.2e15,
        4.2e18,
        1e300,
        float("nan"),
        float("inf"),
        -float("inf"),
    ],
)
def test_other_values_are_no_time(value: Any) -> None:
    """A number is of this century, in seconds or a part of them, or it is nothing."""
    with pytest.raises(ValueError):  # noqa: PT011 - that it is refused is all
        read_foreign_time(value)


@given(st.datetimes(timezones=st.timezones()))
def test_any_written_time_is_read_as_the_same_moment(moment: datetime) -> None:
    """Whatever its offset, a time that is written as RFC 3339 comes back as the same moment in UTC, or is refused."""
    text = moment.isoformat()
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        expected = None
    try:
        found = TIMESTAMP.validate_strings(text)
    except ValidationError:
        # An offset with seconds, as zones had them before 1900, is no RFC 3339.
        offset = moment.utcoffset()
        assert expected is None or (offset and offset.total_seconds() % 60)
        return
    assert found == expected
    assert found.utcoffset() == timedelta(0)
    assert read_foreign_time(text) == found


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text is a time, none, or refused."""
    try:
        found = read_foreign_time(text)
    except ValueError:
        return
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_forms_take_no_more_than_linear_time(form: Any) -> None:
    """Long texts of a form's own characters are refused at once."""
    for unit in ("0", " ", "0:", "1 ", "+0", "00:00", " GMT", "(", "[a"):
        for start in ("2026-03-01T12:00:00.", "2026-03-01T12:00:00Z", "Sun Mar 01 2026 12:00:00 GMT+0100"):
            assert form.pattern.fullmatch(start + unit * 100_000 + "!") is None
        assert form.pattern.fullmatch(unit * 100_000 + "!") is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z"])
def test_windows_have_the_years_of_every_calendar(text: str) -> None:
    """A moment that somebody asks about is of years that days can be added to."""
    with pytest.raises(ValidationError, match="1970 to 9998"):
        WINDOW.validate_strings(text)
    with pytest.raises(ValidationError, match="1970 to 9998"):
        DAY.validate_strings(text[:10])


def test_windows_and_days_within_the_years_are_taken() -> None:
    """The first and the last year are in."""
    assert WINDOW.validate_strings("9998-12-31T23:59:59Z").year == 9998
    assert DAY.validate_json('"1970-01-01"') == date(1970, 1, 1)


@pytest.mark.parametrize("text", ["2026-3-1", "20260301", "2026-03-01T00:00:00Z", "0", "1772366400", "2026-02-30", ""])
def test_a_day_has_one_form(text: str) -> None:
    """A number is no day, nor is a midnight."""
    with pytest.raises(ValidationError):
        DAY.validate_strings(text)
    with pytest.raises(ValidationError):
        DAY.validate_json(f'"{text}"')


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T04:00:00+16:00", NOON),
        ("2026-03-01T12:00:00+00:00", NOON),
        ("0001-01-01T00:00:00+14:00", datetime(1, 1, 2, tzinfo=UTC)),
        ("9999-12-31T23:59:59-12:00", datetime(9999, 12, 30, tzinfo=UTC)),
    ],
)
def test_a_window_that_was_asked_for_before_is_read(text: str, moment: datetime) -> None:
    """An operation that waits since before its years were bounded ends, and is shown."""
    assert read_kept_time(text) == moment


def test_a_message_of_before_is_read_as_utc() -> None:
    """A message that was queued with an offset beyond PostgreSQL's is stored all the same."""
    assert MESSAGE.validate_json('"2026-03-02T04:00:00+16:00"').isoformat() == "2026-03-01T12:00:00+00:00"
