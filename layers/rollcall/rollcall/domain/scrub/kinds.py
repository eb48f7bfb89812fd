"""Kinds: what a declared property's value may be. What does not fit its kind is dropped, whatever it is."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rollcall.domain.scrub.languages import is_language
from rollcall.domain.scrub.means import Means
from rollcall.domain.scrub.software import is_software
from rollcall.domain.scrub.text import TOKEN
from rollcall.domain.scrub.time_zones import ZONES

NUMBER_MAX = 1e7  # above what lessons are measured in, below nearly all telephone numbers
ID_MAX = 10**9
DURATION_MAX = 604_800_000  # a week, in milliseconds
# Since the epoch, 2010 to 2033: a North American telephone number would be a later time.
SECONDS = (1_262_304_000, 2_000_000_000)
MILLISECONDS = (1_000 * SECONDS[0], 1_000 * SECONDS[1])
ITEMS_MAX = 64
# Numbers, then labels of releases; any other word could be anybody's. A commit has a digit in it, so it is no word.
RELEASE = "alpha|beta|build|canary|debug|dev|final|ga|hotfix|insiders?|lts|next|nightly|p|patch|post|pre|preview|prod"
RELEASE += "|production|r|rc|release|rev|snapshot|sp|stable|staging|test"
VERSION = re.compile(
    r"[vV]?(?:0|[1-9][0-9]{0,4}+)(?:\.[0-9]{1,6}+){0,3}"
    r"(?:[-+._]g?(?=[a-f]{0,11}[0-9])(?=[0-9]{0,11}[a-f])[0-9a-f]{7,12}+(?![0-9a-z])|[-+._][0-9]{1,4}+"
    rf"|[-+._]?(?>(?:{RELEASE})(?![a-z]))(?:[-._]?[0-9]{{1,6}}+(?:\.[0-9]{{1,4}}+)?+)?+){{0,3}}+",
    re.IGNORECASE,
)
VERSION_NUMBER_MAX = 100_000
FULL_DATE = re.compile(
    r"(?<![0-9])(?:[0-9]{4}[._-](?:0[1-9]|1[0-2])[._-](?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0?[1-9]|[12][0-9]|3[01])[._-](?:0?[1-9]|[12][0-9]|3[01])[._-](?:19|20)[0-9]{2})(?![0-9])"
)
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([0-9:]{5,8}(?:\.[0-9]{1,9})?)(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?")
MIDNIGHT = "0:."  # all that the time of day of a date has
DAY_SECONDS = 86_400
LASTING = re.compile(
    r"P(?:[0-9]{1,3}D)?(?:T(?:[0-9]{1,4}H)?(?:[0-9]{1,5}M)?(?:[0-9]{1,6}(?:\.[0-9]{1,9})?S)?)?"
)  # ISO 8601
# Codes of ISO 4217 that money is paid in. Each, and no other three letters: some are names.
CURRENCY = re.compile(
    "AED|AFN|ALL|AMD|AOA|ARS|AUD|AWG|AZN|BAM|BBD|BDT|BGN|BHD|BIF|BMD|BND|BOB|BRL|BSD|BTN|BWP|BYN|BZD|CAD|CDF|CHF|CLP|CNY"
    "|COP|CRC|CUP|CVE|CZK|DJF|DKK|DOP|DZD|EGP|ERN|ETB|EUR|FJD|FKP|GBP|GEL|GHS|GIP|GMD|GNF|GTQ|GYD|HKD|HNL|HTG|HUF|IDR"
    "|ILS|INR|IQD|IRR|ISK|JMD|JOD|JPY|KES|KGS|KHR|KMF|KPW|KRW|KWD|KYD|KZT|LAK|LBP|LKR|LRD|LSL|LYD|MAD|MDL|MGA|MKD|MMK"
    "|MNT|MOP|MRU|MUR|MVR|MWK|MXN|MYR|MZN|NAD|NGN|NIO|NOK|NPR|NZD|OMR|PAB|PEN|PGK|PHP|PKR|PLN|PYG|QAR|RON|RSD|RUB|RWF"
    "|SAR|SBD|SCR|SDG|SEK|SGD|SHP|SLE|SOS|SRD|SSP|STN|SVC|SYP|SZL|THB|TJS|TMT|TND|TOP|TRY|TTD|TWD|TZS|UAH|UGX|USD|UYU"
    "|UZS|VES|VND|VUV|WST|XAF|XCD|XOF|XPF|YER|ZAR|ZMW|ZWG"
)
OFFSET = re.compile(r"(?:UTC|GMT)?[+-](?:0[0-9]|1[0-4]):?(?:00|15|30|45)")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # no text of PostgreSQL has them


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that may not be kept, and the id of the rule that says so."""

    rule: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value. `accept` returns what is kept of one, or why nothing is."""

    name: str
    accept: Callable[[Any, Means], Any]


def _misfit(kind: str) -> Refused:
    return Refused(f"@kind:{kind}")


def _number(value: Any, _: Means) -> Any:
    kind = type(value)
    if (kind is int or kind is float) and -NUMBER_MAX <= value <= NUMBER_MAX:
        return value
    return _misfit("number")


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
    """Return a kind whose values are all known."""

    def accept(value: Any, _: Means) -> Any:
        return value if type(value) is str and holds(value) else _misfit(name)

    return Kind(name, accept)


def _is_time_zone(value: str) -> bool:
    return value in ZONES or OFFSET.fullmatch(value) is not None


def _version(value: Any, means: Means) -> Any:
    """Keep what is written as a version, and is not an address, a number of a person, or a date as well."""
    if type(value) in {int, float} and 0 <= value < VERSION_NUMBER_MAX:
        return value  # 17.4, as some clients write it
    if type(value) is not str or not VERSION.fullmatch(value) or FULL_DATE.search(value):
        return _misfit("version")
    return value if means.texts.is_clean(value) else _personal(value, means)


def _timestamp(value: Any, _: Means) -> Any:
    """Keep a time of a day. A day alone, or its midnight, may be when somebody was born."""
    if type(value) is str:
        match = TIME.fullmatch(value)
        return value if match and match[1].strip(MIDNIGHT) else _misfit("timestamp")
    if type(value) in {int, float}:
        for (first, last), day in ((SECONDS, DAY_SECONDS), (MILLISECONDS, 1_000 * DAY_SECONDS)):
            if first <= value <= last and value % day:
                return value
    return _misfit("timestamp")


def _duration(value: Any, _: Means) -> Any:
    if type(value) is str:
        return value if value[-1:] in "DHMS" and LASTING.fullmatch(value) else _misfit("duration")
    return value if type(value) in {int, float} and 0 <= value <= DURATION_MAX else _misfit("duration")


def _url_path(value: Any, means: Means) -> Any:
    """Keep which page it is: a host, a fragment and who is named in the path are nobody's business."""
    kept = means.urls.scrub(value) if type(value) is str else None
    return _misfit("url_path") if kept is None else kept


def _text(value: Any, means: Means) -> Any:
    """Keep a text without what the value rules find in it: for organisations that declare one, and know why."""
    if type(value) is not str or UNSTORABLE.search(value):
        return _misfit("text")
    return means.urls.scrub_within(value if means.texts.is_clean(value) else means.texts.scrub(value).value)


def _pseudonym(value: Any, _: Means) -> Any:
    """Only marks the kind: the scrubber, which has the key, makes the pseudonym."""
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
        _closed("time_zone", _is_time_zone),
        _closed("currency", CURRENCY.fullmatch),
        PSEUDONYM,
    )
}
