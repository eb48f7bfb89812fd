"""What stands around a candidate: whether it is part of something longer that is no number."""

import re

REACH = 40
UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
LETTERS_BEFORE = re.compile(r"[A-Za-z]{1,16}+")


def is_in_uuid(match: re.Match[str]) -> bool:
    """Tell whether a candidate overlaps a UUID."""
    start, end = match.span()
    around = UUID.finditer(match.string, max(0, start - REACH), end + REACH)
    return any(found.start() < end and start < found.end() for found in around)


def word_before(match: re.Match[str]) -> str:
    """Return the letters that stand right before a candidate."""
    text, start = match.string, match.start()
    found = LETTERS_BEFORE.match(text[max(0, start - REACH) : start][::-1])
    return found[0][::-1] if found else ""
