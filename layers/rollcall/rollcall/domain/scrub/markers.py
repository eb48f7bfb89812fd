"""Markers: texts in place of removed values. A closed list, so that a text such as `[kim]` is not a marker."""

from functools import cache

from rollcall.domain.scrub.key_rules import KEY_RULES, OWN_KEYS_MARKER
from rollcall.domain.scrub.redaction import REMOVED

USER = "[user]"  # markers in paths of earlier policies


@cache
def known_markers() -> frozenset[str]:
    """Return every marker that scrubbing leaves."""
    # Imported late: the rules themselves check for markers.
    from rollcall.domain.scrub.rules.families import RULES

    of_rules = (*(rule.marker for rule in RULES), *(rule.marker for rule in KEY_RULES))
    return frozenset({REMOVED, USER, OWN_KEYS_MARKER, *of_rules})


def is_marker(value: object) -> bool:
    """Return whether this text is a marker."""
    return isinstance(value, str) and value[:1] == "[" and value in known_markers()
