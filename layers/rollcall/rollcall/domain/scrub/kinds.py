"""Kinds: what a declared property's value may be. What does not fit its kind is dropped, whatever it is."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from rollcall.domain.scrub.redaction import MARKER
from rollcall.domain.scrub.rules.contact import DATE
from rollcall.domain.scrub.text import TOKEN, TextScrubber

NUMBER_MAX = 1e9  # above what lessons are measured in, below telephone numbers
SECONDS = (9e8, 4.1e9)  # 1998 to 2099, since the epoch
MILLISECONDS = (9e11, 4.1e12)
ITEMS_MAX = 64
PATH_MAX = 1_024
# BCP 47: language, script, region. No variants, and only scripts that are in wide use: any name would be one.
SCRIPTS = "Arab|Armn|Beng|Cyrl|Deva|Ethi|Geor|Grek|Gujr|Guru|Hans|Hant|Hebr|Jpan|Khmr|Knda|Kore|Laoo|Latn|Mlym|Mong"
SCRIPTS += "|Mymr|Orya|Sinh|Taml|Telu|Thai|Tibt"
LANGUAGE = re.compile(rf"[A-Za-z]{{2,3}}(?:[-_](?:{SCRIPTS}))?(?:[-_](?:[A-Za-z]{{2}}|[0-9]{{3}}))?")
VERSION = re.compile(r"v?[0-9]{1,5}(?:\.[0-9]{1,6}){0,3}(?:[-+.][0-9A-Za-z]{1,16}){0,3}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ][0-9:]{5,8}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?")
LASTING = re.compile(
    r"P(?:[0-9]{1,5}D)?(?:T(?:[0-9]{1,5}H)?(?:[0-9]{1,5}M)?(?:[0-9]{1,6}(?:\.[0-9]{1,9})?S)?)?"
)  # ISO 8601
# Names of the tz database: of an area and a place in it, or one of the few that stand alone.
AREAS = (
    "Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US"
)
ALONE = "CET|CST6CDT|EET|EST|EST5EDT|GMT|HST|MET|MST|MST7MDT|PST8PDT|UCT|UTC|WET|Universal|Zulu"
# Codes of ISO 4217 that money is paid in. Each, and no other three letters: some are names.
CURRENCY = re.compile(
    "AED|AFN|ALL|AMD|AOA|ARS|AUD|AWG|AZN|BAM|BBD|BDT|BGN|BHD|BIF|BMD|BND|BOB|BRL|BSD|BTN|BWP|BYN|BZD|CAD|CDF|CHF|CLP|CNY"
    "|COP|CRC|CUP|CVE|CZK|DJF|DKK|DOP|DZD|EGP|ERN|ETB|EUR|FJD|FKP|GBP|GEL|GHS|GIP|GMD|GNF|GTQ|GYD|HKD|HNL|HTG|HUF|IDR"
    "|ILS|INR|IQD|IRR|ISK|JMD|JOD|JPY|KES|KGS|KHR|KMF|KPW|KRW|KWD|KYD|KZT|LAK|LBP|LKR|LRD|LSL|LYD|MAD|MDL|MGA|MKD|MMK"
    "|MNT|MOP|MRU|MUR|MVR|MWK|MXN|MYR|MZN|NAD|NGN|NIO|NOK|NPR|NZD|OMR|PAB|PEN|PGK|PHP|PKR|PLN|PYG|QAR|RON|RSD|RUB|RWF"
    "|SAR|SBD|SCR|SDG|SEK|SGD|SHP|SLE|SOS|SRD|SSP|STN|SVC|SYP|SZL|THB|TJS|TMT|TND|TOP|TRY|TTD|TWD|TZS|UAH|UGX|USD|UYU"
    "|UZS|VES|VND|VUV|WST|XAF|XCD|XOF|XPF|YER|ZAR|ZMW|ZWG"
)
ZONE = re.compile(rf"(?:{AREAS})(?:/[A-Z][A-Za-z_+0-9-]{{1,32}}){{1,2}}|{ALONE}|[+-][0-9]{{2}}:?[0-9]{{2}}")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # no text of PostgreSQL has them
PATH = re.compile(r"/[^\s\x00-\x1f\x7f\ud800-\udfff]*")
PEOPLE = re.compile(
    r"(/(?:users?|students?|pupils?|learners?|children|child|kids?|people|persons?|profiles?|members?|teachers?|parents?"
    r"|guardians?|accounts?|u|home|~)/)([^/]{1,256})",
    re.IGNORECASE,
)
SOMEBODY = "[user]"


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that may not be kept, and the id of the rule that says so."""

    rule: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value. `accept` returns what is kept of one, or why nothing is."""

    name: str
    accept: Callable[[Any, TextScrubber], Any]


def _misfit(kind: str) -> Refused:
    return Refused(f"@kind:{kind}")


def _number(value: Any, _: TextScrubber) -> Any:
    kind = type(value)
    if (kind is int or kind is float) and -NUMBER_MAX <= value <= NUMBER_MAX:
        return value
    return _misfit("number")


def _boolean(value: Any, _: TextScrubber) -> Any:
    return value if value is True or value is False else _misfit("boolean")


def _token(value: Any, texts: TextScrubber) -> Any:
    if type(value) is str:
        if texts.is_clean_token(value):
            return value
        if TOKEN.fullmatch(value):
            return _personal(value, texts)
    elif type(value) is int and abs(value) <= NUMBER_MAX:
        return value
    return _misfit("token")


def _personal(value: str, texts: TextScrubber) -> Refused:
    return Refused(next(iter(texts.scrub(value).rules), "@kind:token"))


def _tokens(value: Any, texts: TextScrubber) -> Any:
    if not isinstance(value, list) or len(value) > ITEMS_MAX:
        return _misfit("tokens")
    for item in value:
        accepted = _token(item, texts)
        if isinstance(accepted, Refused):
            return accepted
    return value


def _matching(name: str, pattern: re.Pattern[str]) -> Kind:
    def accept(value: Any, _: TextScrubber) -> Any:
        return value if type(value) is str and pattern.fullmatch(value) else _misfit(name)

    return Kind(name, accept)


def _version(value: Any, texts: TextScrubber) -> Any:
    """Keep what is written as a version, and is not an address, a number of a person, or a date as well."""
    if type(value) is not str or not VERSION.fullmatch(value) or DATE.match(value):
        return _misfit("version")
    return value if texts.is_clean(value) else _personal(value, texts)


def _timestamp(value: Any, _: TextScrubber) -> Any:
    if type(value) is str:
        return value if TIME.fullmatch(value) else _misfit("timestamp")
    if type(value) in {int, float} and (
        SECONDS[0] <= value <= SECONDS[1] or MILLISECONDS[0] <= value <= MILLISECONDS[1]
    ):
        return value
    return _misfit("timestamp")


def _duration(value: Any, texts: TextScrubber) -> Any:
    if type(value) is str:
        return value if len(value) > 1 and LASTING.fullmatch(value) else _misfit("duration")
    return value if not isinstance(_number(value, texts), Refused) and value >= 0 else _misfit("duration")


def _url_path(value: Any, texts: TextScrubber) -> Any:
    """Keep the path alone: a query, a fragment, a host and who is named in it are nobody's business."""
    if type(value) is not str or len(value) > PATH_MAX:
        return _misfit("url_path")
    try:
        path = urlsplit(value).path
    except ValueError:
        return _misfit("url_path")
    if "%" in path and PEOPLE.search(unquote(path)):
        path = unquote(path)
    path = PEOPLE.sub(rf"\1{SOMEBODY}", path) or "/"
    if not PATH.fullmatch(path):
        return _misfit("url_path")
    return path if texts.is_clean(path) else texts.scrub(path).value


def _text(value: Any, texts: TextScrubber) -> Any:
    """Keep a text without what the value rules find in it: for organisations that declare one, and know why."""
    if type(value) is not str or UNSTORABLE.search(value):
        return _misfit("text")
    return value if texts.is_clean(value) else texts.scrub(value).value


def _pseudonym(value: Any, _: TextScrubber) -> Any:
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
        _matching("language", LANGUAGE),
        Kind("version", _version),
        _matching("time_zone", ZONE),
        _matching("currency", CURRENCY),
        PSEUDONYM,
    )
}


def is_marker(value: Any) -> bool:
    """Tell whether this is what scrubbing left in place of a value."""
    return isinstance(value, str) and MARKER.fullmatch(value) is not None
