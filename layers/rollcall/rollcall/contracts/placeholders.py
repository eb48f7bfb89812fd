"""Placeholders: what programs write in place of an id that they do not have. They name nothing and no person."""

import re

from rollcall.contracts.identifiers import read_uuid

# Compared without case, and without blanks, control characters, quotes and brackets around them.
WORDS = frozenset(
    (
        "",
        "?",
        "-",
        "false",
        "n/a",
        "nan",
        "nil",
        "none",
        "not set",
        "not_set",
        "null",
        "true",
        "undefined",
        "unknown",
    )
)
# The names of the members themselves, as a client's set-up leaves them where no value was filled in.
MEMBERS = frozenset(("event_id", "insert_id", "insertid", "message_id", "messageid", "uuid"))
AROUND = "".join(map(chr, (*range(0x21), *range(0x7F, 0xA1)))) + "\"'`()[]{}<>%#@"
OBJECT = re.compile(r"\[object [a-z]+\]")
ZEROS = re.compile(r"-?0+(?:\.0*)?|-1")
SAME_DIGITS = frozenset((0, 2**128 - 1))  # the nil UUID, and the largest


def _bare(text: str) -> str:
    return text.lstrip(AROUND + "$").rstrip(AROUND).lower()


def is_placeholder(text: str) -> bool:
    """Return whether a text is a placeholder for a missing id, of a person, a group or an event."""
    if _bare(text) in WORDS or OBJECT.fullmatch(text.strip().lower()):
        return True
    identity = read_uuid(text.strip().lower())
    return identity is not None and identity.int in SAME_DIGITS


def names_no_event(text: str) -> bool:
    """Return whether a text cannot identify one event. A zero cannot, although it may be a person's number."""
    word = _bare(text)
    return is_placeholder(text) or word in MEMBERS or ZEROS.fullmatch(word) is not None
