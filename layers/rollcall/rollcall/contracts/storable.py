"""Storable: texts and JSON as every column takes them. What PostgreSQL has no room for is replaced, never refused.

For what stands in queues, where a refusal would cost an accepted event; routes refuse such values before, by name.
"""

import math
import re
from typing import Annotated, Any

from pydantic import AfterValidator

REPLACEMENT = "\ufffd"
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL, which no text of PostgreSQL has, and halves of characters
INTEGER_MAX = 10**1_000
DEPTH_MAX = 64


def storable_text(text: str) -> str:
    """Return a text without what no column takes."""
    return UNSTORABLE.sub(REPLACEMENT, text)


def storable(value: Any, depth: int = 0) -> Any:
    """Return JSON without what no column takes: such characters, numbers that are none, nesting without end."""
    match value:
        case str():
            return storable_text(value)
        case dict() if depth < DEPTH_MAX:
            return {storable_text(str(name)): storable(item, depth + 1) for name, item in value.items()}
        case list() | tuple() if depth < DEPTH_MAX:
            return [storable(item, depth + 1) for item in value]
        case dict() | list() | tuple():
            return None
        case _:
            return value if _is_storable_scalar(value) else None


def _is_storable_scalar(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) < INTEGER_MAX


StorableText = Annotated[str, AfterValidator(storable_text)]
StorableObject = Annotated[dict[str, Any], AfterValidator(storable)]
