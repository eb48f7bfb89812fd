"""JSON merge patches: the little that has to be said to turn one JSON document into another.

Source: RFC 7396, JSON Merge Patch. Such a patch cannot say null, since null removes a member: documents here leave out
what is null.
"""

import json
from collections.abc import Mapping
from typing import Any


def diff(before: Any, after: Any) -> Any:
    """Return the smallest patch that turns one document into the other: `{}` where two objects are the same.

    Neither document may hold a null as a member of an object. Then `apply(before, diff(before, after)) == after`.
    """
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return after
    patch: dict[str, Any] = {name: None for name in before if name not in after}
    for name, value in after.items():
        if name not in before:
            patch[name] = value
        elif not _is_same(before[name], value):
            patch[name] = diff(before[name], value)
    return patch


def apply(document: Any, patch: Any) -> Any:
    """Return what a patch makes of a document; neither is changed."""
    if not isinstance(patch, Mapping):
        return patch
    patched = dict(document) if isinstance(document, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            patched.pop(name, None)
        else:
            patched[name] = apply(patched.get(name), value)
    return patched


def _is_same(one: Any, other: Any) -> bool:
    # As they are written: to Python, true equals 1.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
