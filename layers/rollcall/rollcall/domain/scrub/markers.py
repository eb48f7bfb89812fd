"""Markers: what stands where scrubbing took something out. A closed list, so that `[kim]` is no marker of ours."""

from functools import cache

from rollcall.domain.scrub.key_rules import KEY_RULES, OWN_KEYS_MARKER
from rollcall.domain.scrub.redaction import REMOVED

USER = "[user]"  # of paths, as earlier policies left them


@cache
def known_markers() -> frozenset[str]:
    """Return every marker that scrubbing leaves."""
    # Late: the rules themselves ask whether what they found is a marker.
    from rollcall.domain.scrub.rules.families import RULES

    of_rules = (*(rule.marker for rule in RULES), *(rule.marker for rule in KEY_RULES))
    return frozenset({REMOVED, USER, OWN_KEYS_MARKER, *of_rules})


def is_marker(value: object) -> bool:
    """Return whether this is what scrubbing left in place of a value."""
    return isinstance(value, str) and value[:1] == "[" and value in known_markers()
