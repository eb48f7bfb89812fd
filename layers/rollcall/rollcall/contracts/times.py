"""Times: the one table of the forms in which clients write them, and the types that contracts take. All become UTC.

Rollcall's own routes take RFC 3339 alone. Routes for clients that others wrote take every form of the table.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, GetPydanticSchema, WithJsonSchema
from pydantic_core import PydanticCustomError, core_schema

RFC_3339 = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
IN_UTC = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?[Zz]$"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Numbers of the years 2000 to 2099 alone: no number of one unit can be taken for one of another.
SECONDS = (946_684_800, 4_102_444_800)
UNITS = (1, 1_000, 1_000_000, 1_000_000_000)  # how many of each make a second
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Windows that people ask for: within the years of every calendar involved, with room to add a day at either end.
YEAR_FIRST, YEAR_LAST = 1970, 9998
EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
DAY_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LAST_MINUTE = (23, 59)


@dataclass(frozen=True)
class Form:
    """A form in which a time is written. `read` raises ValueError for one of the form that no calendar has."""

    name: str
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], datetime]


def _utc(moment: datetime) -> datetime:
    """Return a time in UTC; raises ValueError for one that UTC has not: before year 1, or after 9999."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("before the first year, or after the last") from None


def _offset(text: str | None) -> timezone:
    """Return the time zone of an offset; UTC for none. Raises ValueError for a day or more, and for 60 minutes."""
    if text is None or text[0] not in "+-":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:]) if len(text) > len("+00") else 0
    if minutes >= 60:  # noqa: PLR2004 - of an hour
        raise ValueError("an offset has fewer than 60 minutes beside its hours")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _assemble(day: date, found: re.Match[str]) -> datetime:
    """Return the time that stands beside a day; a leap second is the second after it, as PostgreSQL has it."""
    if found["offset"] is None and found.groupdict().get("zone"):
        raise ValueError("the name of a time zone, and no offset before it")
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    microsecond = int((found["fraction"] or "")[:6].ljust(6, "0"))
    is_midnight = (hour, minute, second, microsecond) == (24, 0, 0, 0)
    is_leap = second == 60  # noqa: PLR2004 - the one that a minute may have beyond its 60
    moment = datetime(
        day.year,
        day.month,
        day.day,
        0 if is_midnight else hour,
        minute,
        59 if is_leap else second,
        0 if is_leap else microsecond,
        _offset(found["offset"]),
    )
    if is_leap and (_utc(moment).hour, _utc(moment).minute) != LAST_MINUTE:
        raise ValueError("a leap second is the last of a day of UTC")
    try:
        return _utc(moment + timedelta(days=is_midnight, seconds=is_leap))
    except OverflowError:
        raise ValueError("after the last year") from None


def _read_iso(found: re.Match[str]) -> datetime:
    return _assemble(date.fromisoformat(found["day"]), found)


def _read_mail(found: re.Match[str]) -> datetime:
    return _assemble(date(int(found["year"]), MONTHS.index(found["month"].lower()) + 1, int(found["date"])), found)


def _read_number(value: float) -> datetime:
    """Read seconds of the Unix epoch, or thousandths, millionths or billionths, as only one of them can be meant."""
    for per_second in UNITS:
        if SECONDS[0] * per_second <= value < SECONDS[1] * per_second:
            return EPOCH + timedelta(microseconds=round(value * 1_000_000 / per_second))
    raise ValueError("of no unit a time of this century")


def _read_digits(found: re.Match[str]) -> datetime:
    return _read_number(int(found[0]) if found["fraction"] is None else float(found[0]))


CLOCK = (
    r"(?P<hour>[0-9]{2})(?::?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?)?"
    r" ?(?:UTC|GMT)?(?P<offset>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
# What Go, Java and JavaScript write behind an offset: it says nothing more. A name alone may be of several zones.
ZONE = r"(?P<zone>(?: (?:[A-Z]{3,5}|[+-][0-9]{2,4})|\[[\w/+-]{1,64}\]| \([^()]{0,64}\))?(?: m=[+-][0-9.]{1,32})?)"
ISO = rf"(?P<day>[0-9]{{4}}-?(?:[0-9]{{2}}-?[0-9]{{2}}|W[0-9]{{2}}(?:-?[0-9])?))(?:(?:T| +){CLOCK}{ZONE})?"
MONTH, YEAR = rf"(?P<month>{'|'.join(MONTHS)})", r"(?P<year>[0-9]{4})"
MAIL = rf"(?:[a-z]{{3}}, *)?(?P<date>[0-9]{{1,2}}) {MONTH} {YEAR} {CLOCK}"
SCRIPT = rf"(?:[a-z]{{3}} )?{MONTH} (?P<date>[0-9]{{1,2}}) {YEAR} {CLOCK}{ZONE}"
UNIX = rf"(?:[a-z]{{3}} )?{MONTH} {{1,2}}(?P<date>[0-9]{{1,2}}) {CLOCK} {YEAR}"
FORMS = (
    Form("ISO 8601, of which RFC 3339 is a part", re.compile(ISO, re.IGNORECASE | re.ASCII), _read_iso),
    Form("RFC 5322, as mail and HTTP have it", re.compile(MAIL, re.IGNORECASE | re.ASCII), _read_mail),
    Form("JavaScript's Date as text", re.compile(SCRIPT, re.IGNORECASE | re.ASCII), _read_mail),
    Form("asctime, as Unix, Java and Ruby have it", re.compile(UNIX, re.IGNORECASE | re.ASCII), _read_mail),
    Form(
        "seconds, or thousandths, millionths, billionths, since 1970",
        re.compile(r"[0-9]{9,19}(?P<fraction>\.[0-9]{1,9})?"),
        _read_digits,
    ),
)


def read_time(text: str) -> datetime:
    """Read RFC 3339, the form of Rollcall's own routes; raises ValueError."""
    found = FORMS[0].pattern.fullmatch(text) if re.fullmatch(RFC_3339, text) else None
    if found is None or found["hour"] == "24":
        raise ValueError("no RFC 3339 time with an offset")
    return _read_iso(found)


def read_foreign_time(value: object) -> datetime | None:
    """Read a time in the forms of public clients: any form of the table, a number too; None without a time.

    A time without an offset is UTC. Raises ValueError for anything else.
    """
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _read_number(value)
    if not isinstance(value, str):
        raise ValueError("not a time")  # noqa: TRY004 - pydantic makes a fault of this one
    text = value.strip()
    if not text:
        return None
    for form in FORMS:
        if found := form.pattern.fullmatch(text):
            return form.read(found)
    raise ValueError("no form of a time that is known here")


def read_kept_time(text: str) -> datetime:
    """Read a time that was written down when any was taken: one that UTC has not is one at that end."""
    moment = datetime.fromisoformat(text)
    try:
        return _utc(moment)
    except ValueError:
        return EARLIEST if moment.year == 1 else LATEST


def _timestamp(_source: object, _handler: object) -> core_schema.CoreSchema:
    """Check the form first: pydantic alone takes a number in a string for seconds, or milliseconds as it guesses."""
    in_utc = core_schema.no_info_plain_validator_function(_utc)
    read = core_schema.datetime_schema(tz_constraint="aware", strict=False)
    aware = core_schema.chain_schema([read, in_utc])
    text = core_schema.chain_schema([core_schema.str_schema(pattern=RFC_3339, strict=True), aware])
    # Most are in UTC already: nothing of Python's own is called for them.
    quickly = core_schema.chain_schema([core_schema.str_schema(pattern=IN_UTC, strict=True), read])
    # What pydantic does not read of RFC 3339 is a leap second.
    slowly = core_schema.chain_schema(
        [core_schema.str_schema(strict=True), core_schema.no_info_plain_validator_function(read_time)]
    )
    either = core_schema.union_schema([quickly, text, slowly], mode="left_to_right")
    return core_schema.custom_error_schema(
        core_schema.json_or_python_schema(json_schema=either, python_schema=aware),
        custom_error_type="timestamp_invalid",
        custom_error_message="Input should be an RFC 3339 time with an offset, such as 2026-03-01T12:00:00Z",
    )


def _within_years(value: date) -> date:
    if not YEAR_FIRST <= value.year <= YEAR_LAST:
        raise PydanticCustomError("year_out_of_range", f"Input should be of the years {YEAR_FIRST} to {YEAR_LAST}")
    return value


def _written_day(value: object) -> object:
    """Take a day as YYYY-MM-DD alone: pydantic would also read seconds since the epoch, and midnights."""
    if isinstance(value, str):
        if not DAY_FORM.fullmatch(value):
            raise ValueError("Input should be a day, such as 2026-03-01")
        return date.fromisoformat(value)
    return value


def _foreign(value: object) -> object:
    try:
        return read_foreign_time(value)
    except ValueError:
        raise PydanticCustomError(
            "timestamp_invalid", "Input should be a time: ISO 8601, or milliseconds since 1970"
        ) from None


Timestamp = Annotated[
    datetime, GetPydanticSchema(_timestamp), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""When something happened, as Rollcall's own routes take it."""
WindowTime = Annotated[Timestamp, AfterValidator(_within_years)]
"""A moment in a request."""
MessageTime = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A moment in a message of Rollcall's own."""
ForeignTime = Annotated[
    datetime | None, BeforeValidator(_foreign), WithJsonSchema({"type": ["string", "number", "null"]})
]
"""The time of an event, in the forms of public clients."""
Day = Annotated[date, BeforeValidator(_written_day), AfterValidator(_within_years)]
"""A day of UTC in a request."""
