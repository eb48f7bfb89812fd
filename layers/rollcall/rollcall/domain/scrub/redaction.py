"""Redactions: what becomes of a personal value. `remove` it, `replace` it by a marker, `mask` it, `pseudonymise` it."""

import re
from typing import Any, Literal

Action = Literal["remove", "replace", "mask", "pseudonymise"]
# From the loosest to the strictest: where two apply, the stricter one counts.
STRICTNESS: tuple[Action, ...] = ("mask", "pseudonymise", "replace", "remove")
REMOVED = "[removed]"
MASK = "*"
MASK_CHARACTERS_MAX = 16


def mask(value: Any) -> str:
    """Return asterisks for the letters and digits of a value: its shape, at most 16 characters of it."""
    text = value if isinstance(value, str) else str(value)
    return re.sub(r"[^\W_]", MASK, text[:MASK_CHARACTERS_MAX])


def stricter(first: Action, second: Action) -> Action:
    """Return the one of two redactions that leaves less."""
    return max(first, second, key=STRICTNESS.index)
