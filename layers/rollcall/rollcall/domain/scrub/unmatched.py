"""Selectors that match no declared property: they apply only to documents, and may be misspelt."""

from collections.abc import Iterator

from rollcall.contracts.scrub.policy import PolicyAdditions
from rollcall.domain.scrub.key_name import compact
from rollcall.domain.scrub.policy import declarations_of
from rollcall.domain.scrub.selector import ANY_DEPTH, ONE_LEVEL, Place, Selector

LISTS = ("drop", "pseudonymise", "mask")


def find_unmatched(additions: PolicyAdditions) -> list[str]:
    """Return the selectors of these additions that match no property of any event."""
    places = frozenset(_places(additions))
    asked = dict.fromkeys(text for name in LISTS for text in getattr(additions, name))
    return [text for text in asked if not any(_selects(Selector.parse(text).segments, place) for place in places)]


def _places(additions: PolicyAdditions) -> Iterator[Place]:
    """Yield the path of every declared property, and of each object and array that contains one."""
    everywhere, events = declarations_of(additions.model_dump())
    for properties in (everywhere, *(own for _, own in events.values())):
        for path in properties:
            parts = tuple(part if part == ONE_LEVEL else compact(part) for part in path.split("."))
            yield from (parts[:length] for length in range(1, len(parts) + 1))


def _selects(segments: Place, place: Place) -> bool:
    """Return whether a selector's segments match exactly this path. An item of an array is `*`."""
    reached = {0}  # how many names of the path may be matched so far
    for segment in segments:
        if segment == ANY_DEPTH:
            reached = set(range(min(reached), len(place) + 1)) if reached else reached
        else:
            reached = {at + 1 for at in reached if at < len(place) and segment in {ONE_LEVEL, place[at]}}
    return len(place) in reached
