"""Addresses of networks and machines, and who is named in URLs."""

import re
from ipaddress import AddressValueError, IPv6Address

from rollcall.domain.scrub.rule import Rule, Span

BYTE_MAX = 255


def _octets(match: re.Match[str]) -> Span | None:
    return match.span() if all(int(octet) <= BYTE_MAX for octet in match.groups()) else None


IPV4 = Rule("@ipv4", r"(?<![\w.])([0-9]{1,3}+)" + r"(?:\.|\[\.\])([0-9]{1,3}+)" * 3 + r"(?![\w]|\.[0-9])", _octets)


def _ipv6(match: re.Match[str]) -> Span | None:
    address, _, zone = match[0].partition("%")
    kept = address.rstrip(".")
    if not zone and kept.endswith(":") and not kept.endswith("::"):
        kept = kept[:-1]
    if kept.count(":") < 2 or not (any(map(str.isdigit, kept)) or kept.count(":") > 2):  # noqa: PLR2004
        return None
    try:
        IPv6Address(kept)
    except AddressValueError:
        return None
    return match.start(), (match.end() if zone else match.start() + len(kept))


# RFC 4291, 2.2; the zone is RFC 4007's.
IPV6 = Rule(
    "@ipv6",
    r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:.]{3,46}+(?:%[\w.-]{1,32}+)?(?!\w)",
    _ipv6,
)
MAC = Rule(
    "@mac",
    (
        r"(?<![\w:.-])(?:[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}"
        r"|(?=[0-9.]{0,13}[A-Fa-f])[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?!\w|[:-][0-9A-Fa-f])"
    ),
)


def _userinfo(match: re.Match[str]) -> Span | None:
    rest = match[0]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    at = authority.rfind("@")
    if at < 0 and re.match(r"[^/?#:]*:(?![0-9]{0,5}(?:[/?#]|$))", rest):
        at = rest.rfind("@")  # a password with a slash that nobody encoded
    return (match.start(), match.start() + at) if at > 0 and not _is_marked(rest[:at]) else None


def _is_marked(text: str) -> bool:
    return text == "[url_userinfo]"


# RFC 3986, 3.2.1: user:password@ in a URL or a database's connection string.
URL_USERINFO = Rule("@url_userinfo", r"(?<=://)[^\s\"'<>]{1,1024}+", _userinfo)
