"""Cursors: where the next page of a list begins, as a text that its reader hands back as it is."""

import base64
import binascii
import json

from rollcall.errors import CursorInvalid

TEXT_MAX = 128
NUMBER_MAX = 2**31 - 1

Key = tuple[str | int, ...]


def write_cursor(key: Key) -> str:
    """Return the cursor of a key: texts and small whole numbers."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, kinds: tuple[type[str] | type[int], ...]) -> Key | None:
    """Return the key of a cursor, None for none; raises CursorInvalid for one that we cannot have written."""
    if cursor is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise CursorInvalid from None
    if not isinstance(key, list) or len(key) != len(kinds):
        raise CursorInvalid
    if not all(type(part) is kind and _is_sound(part) for part, kind in zip(key, kinds, strict=True)):
        raise CursorInvalid
    return tuple(key)


def _is_sound(part: str | int) -> bool:
    """Return whether PostgreSQL takes it: no NUL, no half of a character, no number beyond its integers."""
    if isinstance(part, int):
        return 0 <= part <= NUMBER_MAX
    return 0 < len(part) <= TEXT_MAX and "\x00" not in part and part.encode("utf-8", "replace").decode() == part
