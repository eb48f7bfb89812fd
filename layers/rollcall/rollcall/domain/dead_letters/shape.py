"""The shape of a text: its form, and nothing of its content.

For unreadable bodies: rules find what has a form, such as an e-mail address, and no rule finds a child's name
in a sentence.
"""

import re
from typing import Any

SHAPE_CHARACTERS_MAX = 2_000  # enough to see what kind of text it is
TOKEN = re.compile(r"[A-Za-z0-9_.:+/@=\[\]*-]{0,256}")
LETTER, DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"\d")


def shape_of(text: str) -> str:
    """Return a text with every letter as x and every digit as 9, cut where it is long. Done twice it is the same."""
    return DIGIT.sub("9", LETTER.sub("x", text[:SHAPE_CHARACTERS_MAX]))


def shape_texts(document: Any) -> Any:
    """Return JSON in which texts of words are shapes, keys too.

    Tokens (a name of an event, an id, a time) stay as they are.
    """
    match document:
        case str():
            return document if TOKEN.fullmatch(document) else shape_of(document)
        case dict():
            return {shape_texts(key): shape_texts(item) for key, item in document.items()}
        case list():
            return [shape_texts(item) for item in document]
        case _:
            return document
