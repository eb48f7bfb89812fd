"""Differences of two JSON documents."""

from collections.abc import Iterator
from typing import Any

from rollcall.contracts.scrub.requests import Change


def find_changes(before: Any, after: Any, pointer: str = "") -> Iterator[Change]:
    """Yield the JSON pointers of removed, replaced and added values between two documents.

    Values of before are not repeated: the caller has them.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _change_of_member(before, after, key, f"{pointer}/{_escaped(key)}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for position, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from find_changes(old, new, f"{pointer}/{position}")
    elif before != after:
        yield Change(pointer=pointer, change="replaced", value=after)


def _change_of_member(before: dict[str, Any], after: dict[str, Any], key: str, pointer: str) -> Iterator[Change]:
    if key not in after:
        yield Change(pointer=pointer, change="removed")
    elif key not in before:
        yield Change(pointer=pointer, change="added", value=after[key])
    else:
        yield from find_changes(before[key], after[key], pointer)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
