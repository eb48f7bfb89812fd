"""What an event's attributes may hold: few keys that the deployment names, small values, no free text."""

import json
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from rollcall.domain.scrub.identifiers import find_personal_identifier

TOKEN = re.compile(r"[A-Za-z0-9_.:+-]{1,64}")
LIST_ITEMS_MAX = 16
INTEGER_MAX = 2**53  # what every JSON reader keeps exactly
SMALL = 10**7  # numbers that identify people have more digits


@dataclass(frozen=True)
class AttributeRule:
    """Which keys are allowed at any level, how deep objects may nest, how many bytes the whole may take as JSON."""

    allowed_keys: frozenset[str]
    depth_max: int = 3
    bytes_max: int = 1024


def find_fault(attributes: dict[str, Any], rule: AttributeRule, known: Container[str] = ()) -> str | None:
    """Return the code of the first thing wrong with these attributes, or None when all is well.

    `known` has ids that the organisation's catalogue lets through.
    """
    fault = _fault_in(attributes, rule, rule.depth_max, known)
    if fault is None and len(json.dumps(attributes, separators=(",", ":")).encode()) > rule.bytes_max:
        return "attributes_too_large"
    return fault


def limit_of(fault: str, attributes: dict[str, Any], rule: AttributeRule) -> str:
    """Return the limit that attributes with this fault are beyond, or the rule that found something in them."""
    match fault:
        case "attribute_key_not_allowed":
            return f"Allowed are {', '.join(sorted(rule.allowed_keys))}." if rule.allowed_keys else "None is allowed."
        case "attributes_too_deep":
            return f"At most {rule.depth_max} levels."
        case "attributes_too_large":
            return f"At most {rule.bytes_max} bytes as JSON, and {LIST_ITEMS_MAX} items in a list."
        case _:
            found = next(filter(None, map(find_personal_identifier, _texts_in(attributes))), None)
            return f"Rule {found}." if found else ""


def _texts_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case int() | float() if abs(value) >= SMALL:
            yield str(value).removesuffix(".0")
        case list():
            yield from (text for item in value for text in _texts_in(item))
        case dict():
            yield from (text for item in value.values() for text in _texts_in(item))


def _fault_in(value: Any, rule: AttributeRule, depth_left: int, known: Container[str]) -> str | None:
    if isinstance(value, dict | list):
        return _fault_in_container(value, rule, depth_left, known)
    if isinstance(value, str):
        is_plain = TOKEN.fullmatch(value) and find_personal_identifier(value, known) is None
        return None if is_plain else "attribute_value_not_allowed"
    if isinstance(value, int | float) and not isinstance(value, bool):
        is_plain = abs(value) <= INTEGER_MAX and (
            abs(value) < SMALL or find_personal_identifier(str(value), known) is None
        )
        return None if is_plain else "attribute_value_not_allowed"
    return None


def _fault_in_container(
    value: dict[str, Any] | list[Any], rule: AttributeRule, depth_left: int, known: Container[str]
) -> str | None:
    if depth_left == 0:
        return "attributes_too_deep"
    if isinstance(value, list):
        if len(value) > LIST_ITEMS_MAX:
            return "attributes_too_large"
        faults = (_fault_in(item, rule, depth_left - 1, known) for item in value)
    elif not rule.allowed_keys.issuperset(value):
        return "attribute_key_not_allowed"
    else:
        faults = (_fault_in(item, rule, depth_left - 1, known) for item in value.values())
    return next((fault for fault in faults if fault), None)
