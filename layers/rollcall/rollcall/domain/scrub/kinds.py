"""Kinds: the values that a declared property may have. A value that does not fit its kind is dropped."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rollcall.domain.scrub.languages import is_language
from rollcall.domain.scrub.markers import is_marker
from rollcall.domain.scrub.means import Means
from rollcall.domain.scrub.routes import CASES
from rollcall.domain.scrub.rules.dates import holds_date
from rollcall.domain.scrub.rules.network import IPV4
from rollcall.domain.scrub.software import is_software
from rollcall.domain.scrub.text import TOKEN
from rollcall.domain.scrub.time_zones import is_time_zone
from rollcall.domain.scrub.versions import is_version

NUMBER_MAX = 1e7  # larger than measures of lessons, smaller than nearly all telephone numbers
ID_MAX = 10**9
DURATION_MAX = 604_800_000  # a week, in milliseconds
DURATION_EXACT_MAX = 10**8  # about a day; longer ones are rounded to the second, unlike telephone numbers
# From 2021 to 2033. No learner was born then, and a North American telephone number would be a later time.
SECONDS = (1_609_459_200, 2_000_000_000)
MILLISECONDS = (1_000 * SECONDS[0], 1_000 * SECONDS[1])
DATE_MIN = 1_000_000  # of a number that may be the digits of a day
OFFSET_MAX, OFFSET_STEP = 840, 15  # minutes from UTC
ITEMS_MAX = 64
VERSION_NUMBER_MAX, VERSION_CHARACTERS_MAX = 100_000, 64
PAGE_NAME_MAX = 128
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([0-9:]{5,8}(?:\.[0-9]{1,9})?)(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?")
MIDNIGHT = "0:."  # characters in the time of day
DAY_SECONDS = 86_400
LASTING = re.compile(
    r"P(?:([0-9]{1,3})D)?(?:T(?:([0-9]{1,3})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})(?:\.[0-9]{1,9})?S)?)?"
)  # ISO 8601
UNITS = ((86_400, 7), (3_600, 24), (60, 60), (1, 60))  # seconds of each, and how many make the next one up
LASTING_MAX = DURATION_MAX // 1_000
# Codes of ISO 4217 that money is paid in. Each, and no other three letters: some are names.
CURRENCY = re.compile(
    "AED|AFN|ALL|AMD|AOA|ARS|AUD|AWG|AZN|BAM|BBD|BDT|BGN|BHD|BIF|BMD|BND|BOB|BRL|BSD|BTN|BWP|BYN|BZD|CAD|CDF|CHF|CLP|CNY"
    "|COP|CRC|CUP|CVE|CZK|DJF|DKK|DOP|DZD|EGP|ERN|ETB|EUR|FJD|FKP|GBP|GEL|GHS|GIP|GMD|GNF|GTQ|GYD|HKD|HNL|HTG|HUF|IDR"
    "|ILS|INR|IQD|IRR|ISK|JMD|JOD|JPY|KES|KGS|KHR|KMF|KPW|KRW|KWD|KYD|KZT|LAK|LBP|LKR|LRD|LSL|LYD|MAD|MDL|MGA|MKD|MMK"
    "|MNT|MOP|MRU|MUR|MVR|MWK|MXN|MYR|MZN|NAD|NGN|NIO|NOK|NPR|NZD|OMR|PAB|PEN|PGK|PHP|PKR|PLN|PYG|QAR|RON|RSD|RUB|RWF"
    "|SAR|SBD|SCR|SDG|SEK|SGD|SHP|SLE|SOS|SRD|SSP|STN|SVC|SYP|SZL|THB|TJS|TMT|TND|TOP|TRY|TTD|TWD|TZS|UAH|UGX|USD|UYU"
    "|UZS|VES|VND|VUV|WST|XAF|XCD|XOF|XPF|YER|ZAR|ZMW|ZWG"
)
OFFSET = re.compile(
    r"(?:UTC|GMT)?[+-](?:0?[0-9]|1[0-4])(?::(?:00|15|30|45))?|(?:UTC|GMT)?[+-](?:0[0-9]|1[0-4])(?:00|15|30|45)|[Zz]"
)
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # no text of PostgreSQL has them


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that may not be kept, and the id of the rule that found it."""

    rule: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value. `accept` returns the value to keep, or why the value is not kept."""

    name: str
    accept: Callable[[Any, Means], Any]


def _misfit(kind: str) -> Refused:
    return Refused(f"@kind:{kind}")


def _number(value: Any, _: Means) -> Any:
    kind = type(value)
    if (kind is int or kind is float) and -NUMBER_MAX <= value <= NUMBER_MAX:
        return value if abs(value) < DATE_MIN or not _is_day(value) else _misfit("number")
    return _misfit("number")


def _is_day(value: float) -> bool:
    """Return whether the digits of a number may be a day: 1032014, 20140302."""
    return value == int(value) and holds_date(str(abs(int(value))).zfill(len("01032014")))


def _boolean(value: Any, _: Means) -> Any:
    return value if value is True or value is False else _misfit("boolean")


def _token(value: Any, means: Means) -> Any:
    if type(value) is str:
        if means.texts.is_clean_token(value) or value in means.catalogue:
            return value
        if TOKEN.fullmatch(value):
            return _personal(value, means)
    elif type(value) is int and abs(value) <= ID_MAX:
        return value if not isinstance(_token(str(value), means), Refused) else _misfit("token")
    return _misfit("token")


def _personal(value: str, means: Means) -> Refused:
    return Refused(next(iter(means.texts.scrub(value).rules), "@kind:token"))


def _tokens(value: Any, means: Means) -> Any:
    if not isinstance(value, list) or len(value) > ITEMS_MAX:
        return _misfit("tokens")
    for item in value:
        accepted = _token(item, means)
        if isinstance(accepted, Refused):
            return accepted
    return value


def _closed(name: str, holds: Callable[[str], object]) -> Kind:
    """Return a kind with a closed list of values."""

    def accept(value: Any, _: Means) -> Any:
        return value if type(value) is str and holds(value) else _misfit(name)

    return Kind(name, accept)


def _time_zone(value: Any, _: Means) -> Any:
    """Keep the name of a zone in any case, or its offset from UTC: +02:00, or minutes as browsers give them."""
    if type(value) is int:
        return value if abs(value) <= OFFSET_MAX and value % OFFSET_STEP == 0 else _misfit("time_zone")
    if type(value) is str and (is_time_zone(value) or OFFSET.fullmatch(value)):
        return value
    return _misfit("time_zone")


def _version(value: Any, means: Means) -> Any:
    """Keep a version, unless it may also be a number of a person or a private address."""
    if type(value) in {int, float} and 0 <= value < VERSION_NUMBER_MAX:
        return value  # 17.4, as some clients write it
    if type(value) is not str or len(value) > VERSION_CHARACTERS_MAX or not is_version(value):
        return _misfit("version")
    if means.texts.is_clean(value):
        return value
    # Versions of four numbers look like IP addresses. Only private addresses can be recognised.
    rules = means.texts.scrub(value).rules
    return value if set(rules) == {IPV4.id} else Refused(next(iter(rules), "@kind:version"))


def _timestamp(value: Any, _: Means) -> Any:
    """Keep a time since 2021. A day alone, its midnight, or an earlier time may be a date of birth."""
    if type(value) is str:
        match = TIME.fullmatch(value)
        seconds = _seconds_of(value) if match and match[1].strip(MIDNIGHT) else 0
        return value if SECONDS[0] <= seconds < SECONDS[1] else _misfit("timestamp")
    if type(value) in {int, float}:
        for (first, last), day in ((SECONDS, DAY_SECONDS), (MILLISECONDS, 1_000 * DAY_SECONDS)):
            if first <= value <= last and value % day:
                return value
    return _misfit("timestamp")


def _seconds_of(text: str) -> float:
    """Return a time in seconds since the epoch, or 0 for an impossible one. Without an offset it is in UTC."""
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return 0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _duration(value: Any, _: Means) -> Any:
    if type(value) is str:
        return value if _lasts(value) else _misfit("duration")
    if type(value) not in {int, float} or not 0 <= value <= DURATION_MAX or (value >= DATE_MIN and _is_day(value)):
        return _misfit("duration")
    return value if value < DURATION_EXACT_MAX else int(value) // 1_000 * 1_000


def _lasts(text: str) -> bool:
    """Return whether a text is a duration of up to a week, in which only the first number may exceed its unit."""
    match = LASTING.fullmatch(text)
    if match is None or text[-1] not in "DHMS":
        return False
    parts = [(int(digits), *unit) for digits, unit in zip(match.groups(), UNITS, strict=True) if digits]
    return sum(number * seconds for number, seconds, _ in parts) <= LASTING_MAX and all(
        number < most for number, _, most in parts[1:]
    )


def _page_name(value: Any, means: Means) -> Any:
    """Keep a page name that consists of route words; replace any other by its pseudonym."""
    if type(value) is not str or not value.strip() or len(value) > PAGE_NAME_MAX:
        return _misfit("page_name")
    route = "-".join(re.split(r"[\s/|:,_.-]+", value.strip())).strip("-")
    kept = means.urls.scrub(f"/{route}") if route and not {"?", "#", ";", "\\"}.intersection(value) else None
    if kept is None or is_marker(kept[1:]):
        return _misfit("page_name")
    return value if CASES.sub("-", kept[1:]).lower() == CASES.sub("-", route).lower() else kept[1:]


def _url_path(value: Any, means: Means) -> Any:
    """Keep which page it is, without the host, the fragment and the people that the path names."""
    kept = means.urls.scrub(value) if type(value) is str else None
    return _misfit("url_path") if kept is None else kept


def _text(value: Any, means: Means) -> Any:
    """Keep a text without the values that value rules find. Organisations declare such properties on purpose."""
    if type(value) is not str or UNSTORABLE.search(value):
        return _misfit("text")
    return means.urls.scrub_within(value if means.texts.is_clean(value) else means.texts.scrub(value).value)


def _pseudonym(value: Any, _: Means) -> Any:
    """Only mark the kind: the scrubber has the key, and makes the pseudonym."""
    return value


PSEUDONYM = Kind("pseudonym", _pseudonym)
KINDS = {
    kind.name: kind
    for kind in (
        Kind("number", _number),
        Kind("boolean", _boolean),
        Kind("token", _token),
        Kind("tokens", _tokens),
        Kind("timestamp", _timestamp),
        Kind("duration", _duration),
        Kind("url_path", _url_path),
        Kind("text", _text),
        _closed("language", is_language),
        _closed("software", is_software),
        Kind("version", _version),
        Kind("time_zone", _time_zone),
        Kind("page_name", _page_name),
        _closed("currency", CURRENCY.fullmatch),
        PSEUDONYM,
    )
}
