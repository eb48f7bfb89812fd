"""IP addresses, addresses of machines, and people named in URLs."""

import re
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import AddressValueError, IPv6Address

from rollcall.domain.scrub.rule import Rule, Span
from rollcall.domain.scrub.rules.outline import is_outline

BYTE_MAX, SURE_BYTE_MIN = 255, 100
OCTAL = frozenset("01234567")


def _byte(text: str) -> int:
    """Return the value of a byte of an address in any base; the smaller value if two are possible."""
    if text[1:2] in {"x", "X"}:
        return int(text, 16)
    octal = int(text, 8) if text[0] == "0" and OCTAL.issuperset(text) else int(text)
    return min(octal, int(text))


LEAST, MOST = 2**24, 2**32 - 1
PRIVATE = ((0xAC100000, 0xAC1FFFFF), (0xC0A80000, 0xC0A8FFFF))  # RFC 1918, but for 10/8, which is too many numbers
OCTETS, SURE_BYTES_MIN = 4, 2


def _is_private(number: int) -> bool:
    return any(first <= number <= last for first, last in PRIVATE)


def _is_sure(values: list[int]) -> bool:
    """Return whether four numbers are an address even in the place of a version or a chapter's number."""
    return _is_private(int.from_bytes(values)) or sum(value >= SURE_BYTE_MIN for value in values) >= SURE_BYTES_MIN


def _octets(match: re.Match[str]) -> Span | None:
    """Return the first address in a row of numbers with dots: four of them, or four that are surely one of more."""
    found = list(OCTET.finditer(match[0]))
    values = [_byte(octet[0]) for octet in found]
    before, after = match.string[: match.start()][-1:], match.string[match.end() : match.end() + 1]
    must_be_sure = len(values) > OCTETS or before in {"v", "V"} or is_outline(match)
    for first in range(len(values) - OCTETS + 1):
        four = values[first : first + OCTETS]
        # Next to a letter it may be a version, which seldom has a hundred of anything.
        is_version = (before.isalpha() or after.isalpha()) and max(four) < SURE_BYTE_MIN
        if max(four) <= BYTE_MAX and not is_version and (_is_sure(four) or not must_be_sure):
            return match.start() + found[first].start(), match.start() + found[first + OCTETS - 1].end()
    return None


OCTET = re.compile(r"0[xX][0-9A-Fa-f]{1,8}+|[0-9]{1,4}+")
DOT = r"(?:\.|\[\.\]|\(\.\)|\{\.\}| \. )"
DOT_NAMED = r"\s{0,2}+(?:[\[({<]\s?[dD][oO][tT]\s?[\])}>]|[dD][oO][tT])\s{0,2}+"
IPV4 = Rule("@ipv4", rf"(?<![0-9])(?:{OCTET.pattern})(?:{DOT}(?:{OCTET.pattern})){{3,15}}+(?![0-9])", _octets)
# 192[dot]168[dot]0[dot]1
IPV4_SPELLED = Rule("@ipv4", rf"(?<![0-9])(?:{OCTET.pattern})(?:{DOT_NAMED}(?:{OCTET.pattern})){{3}}(?![0-9])", _octets)
# ip-192-168-0-1, as hosts are named
IPV4_DASHED = Rule("@ipv4", r"(?<![A-Za-z])[iI][pP][-_]{1,2}+[0-9]{1,3}+(?:[-_][0-9]{1,3}+){3}(?![0-9])", _octets)


def _host(match: re.Match[str]) -> Span | None:
    """Return a host of one to four numbers that browsers read as an address: the last stands for all bytes left."""
    *first, last = (_number(part) for part in match[1].split("."))
    whole = int.from_bytes(first) << 8 * (OCTETS - len(first)) if max(first, default=0) <= BYTE_MAX else MOST
    is_one = last < 256 ** (OCTETS - len(first)) and LEAST <= whole + last <= MOST
    return match.span(1) if is_one else None


def _number(text: str) -> int:
    if text[1:2] in {"x", "X"}:
        return int(text, 16)
    return int(text, 8) if text[0] == "0" and OCTAL.issuperset(text) else int(text)


HOST_PART = r"(?:0[xX][0-9A-Fa-f]{1,10}+|[0-9]{1,14}+)"
IPV4_HOST = Rule(
    "@ipv4", rf"(?<=://)(?:\[url_userinfo\]@)?({HOST_PART}(?:\.{HOST_PART}){{0,3}}+)(?![0-9A-Za-z.-])", _host
)
HOST_BEFORE = re.compile(
    r"(?:://|(?<![A-Za-z])(?:ip|ipv4|host|addr|address|client|remote|peer)[\"' :=_-]{1,4})\Z", re.IGNORECASE
)
HOST_REACH = 24


def _whole(match: re.Match[str]) -> Span | None:
    """Return an address that is written as one number, as browsers read it."""
    number = int(match[0])
    if not LEAST <= number <= MOST:
        return None
    start = match.start()
    return (
        match.span()
        if _is_private(number) or HOST_BEFORE.search(match.string, max(0, start - HOST_REACH), start)
        else None
    )


IPV4_HEXADECIMAL = Rule("@ipv4", r"(?<![0-9A-Za-z])0[xX](?!00)[0-9A-Fa-f]{8}(?![0-9A-Za-z])")
IPV4_NUMBER = Rule("@ipv4", r"(?<![0-9A-Za-z])[0-9]{8,10}(?![0-9A-Za-z]|\.[0-9])", _whole, shape=r"(?<!0)0{8,10}(?!0)")


GROUPS, GROUPS_MIN = 8, 2
COUNTED = re.compile(r"[0-9]{1,2}(?::[0-9]{1,2}){7}")  # a row of small numbers


def _spellings(address: str) -> Iterator[tuple[int, int]]:
    """Yield where an address may begin and end in such a run: not at a sign of the sentence, nor with a port."""
    begin = 1 if address.startswith(":::") or (address[0] == ":" and address[1:2] != ":") else 0
    end = len(address.rstrip(".:"))
    if address.startswith("::", end):
        end += 2
    yield begin, end
    if address.count(":", begin, end) >= GROUPS:
        yield begin, address.rfind(":", begin, end)
        yield address.find(":", begin, end) + 1, end


def _ipv6(match: re.Match[str]) -> Span | None:
    address, _, zone = match[0].partition("%")
    text, start = match.string, match.start()
    if address[-1] not in ".:" and text[match.end() : match.end() + 1].isalnum():
        return None
    for begin, end in _spellings(address):
        kept = address[begin:end]
        if kept.count(":") < GROUPS_MIN or not (any(map(str.isdigit, kept)) or kept.count(":") > GROUPS_MIN):
            continue
        if COUNTED.fullmatch(kept):
            continue
        with suppress(AddressValueError):
            IPv6Address(kept)
            return start + begin, (match.end() if zone else start + end)
    return None


# RFC 4291, 2.2; the zone is RFC 4007's.
IPV6 = Rule(
    "@ipv6",
    r"(?<![0-9A-Za-z])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:.]{3,46}+(?:%[\w.-]{1,32}+)?",
    _ipv6,
)
MAC = Rule(
    "@mac",
    (
        r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}([:_-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}"
        r"|(?=[0-9.]{0,13}[A-Fa-f])[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![0-9A-Za-z]|[:_-][0-9A-Fa-f]{2}(?![0-9A-Za-z]))"
    ),
)


def _userinfo(match: re.Match[str]) -> Span | None:
    rest = match[0]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    at = authority.rfind("@")
    if at < 0 and re.match(r"[^/?#:]*:(?![0-9]{0,5}(?:[/?#]|$))", rest):
        at = rest.rfind("@")  # a password with a slash that is not encoded
    return (match.start(), match.start() + at) if at > 0 and not _is_marked(rest[:at]) else None


def _is_marked(text: str) -> bool:
    return text == "[url_userinfo]"


# RFC 3986, 3.2.1: user:password@ in a URL or a database's connection string.
URL_USERINFO = Rule("@url_userinfo", r"(?<=://)(?:(?!://)[^\s\"'<>]){1,1024}+", _userinfo)
