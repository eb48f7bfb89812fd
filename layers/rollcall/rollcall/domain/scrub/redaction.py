"""Redactions of a personal value: `remove` it, `replace` it by a marker, `mask` it, `pseudonymise` it."""

import re
from typing import Any, Literal

Action = Literal["remove", "replace", "mask", "pseudonymise"]
# From the loosest to the strictest. If two apply, the stricter one is used.
STRICTNESS: tuple[Action, ...] = ("mask", "pseudonymise", "replace", "remove")
REMOVED = "[removed]"
MASK = "*"
MASK_CHARACTERS_MAX = 16


def mask(value: Any) -> str:
    """Return a value's shape, with asterisks for letters and digits, at most 16 characters."""
    text = value if isinstance(value, str) else str(value)
    return re.sub(r"[^\W_]", MASK, text[:MASK_CHARACTERS_MAX])


def stricter(first: Action, second: Action) -> Action:
    """Return the stricter of two redactions."""
    return max(first, second, key=STRICTNESS.index)
