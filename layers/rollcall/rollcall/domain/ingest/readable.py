"""Makes what foreign clients send fit to be kept: nothing that cannot be written as JSON in UTF-8, nothing too deep."""

import re
from typing import Any

DEPTH_MAX = 64  # twice as deep as anything that scrubbing looks at
SURROGATES = re.compile(r"[\ud800-\udfff]")
UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0\ufffe\uffff]+")  # what no identifier may hold, and spaces beside it


def readable(value: Any, depth: int = DEPTH_MAX) -> Any:
    """Return JSON with half surrogate pairs replaced, and null in place of what lies deeper than so many levels."""
    match value:
        case str():
            return SURROGATES.sub("\ufffd", value)
        case dict() | list() if depth == 0:
            return None
        case dict():
            return {SURROGATES.sub("\ufffd", key): readable(item, depth - 1) for key, item in value.items()}
        case list():
            return [readable(item, depth - 1) for item in value]
        case _:
            return value


def readable_text(text: str) -> str:
    """Return a text as an identifier may hold it: each run of control characters and spaces is one space."""
    return UNFIT.sub(" ", SURROGATES.sub("\ufffd", text))
