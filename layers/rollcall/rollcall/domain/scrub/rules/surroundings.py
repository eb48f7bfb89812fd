"""The surroundings of a candidate: whether it is part of a longer text that is not a number."""

import re

REACH = 40
UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
LETTERS_BEFORE = re.compile(r"[^\W\d_]{1,16}+")
AROUND = re.compile(r"[0-9A-Za-z]{1,128}")
HEX_DIGEST = re.compile(r"[0-9a-f]{24,128}")
DIGEST_MAX = 128


def is_in_uuid(match: re.Match[str]) -> bool:
    """Return whether a candidate overlaps a UUID."""
    start, end = match.span()
    around = UUID.finditer(match.string, max(0, start - REACH), end + REACH)
    return any(found.start() < end and start < found.end() for found in around)


def is_in_digest(match: re.Match[str]) -> bool:
    """Return whether a candidate is part of a longer hexadecimal text, such as a pseudonym or a database's id."""
    start, end = match.span()
    for token in AROUND.finditer(match.string, max(0, start - DIGEST_MAX), end + DIGEST_MAX):
        if token.start() <= start and end <= token.end():
            return HEX_DIGEST.fullmatch(token[0]) is not None
    return False


def word_before(match: re.Match[str], signs: int = 0) -> str:
    """Return the letters directly before a candidate, or before a number of signs before it."""
    text, start = match.string, max(0, match.start() - signs)
    if any(map(str.isalnum, text[start : match.start()])):
        return ""
    found = LETTERS_BEFORE.match(text[max(0, start - REACH) : start][::-1])
    return found[0][::-1] if found else ""
