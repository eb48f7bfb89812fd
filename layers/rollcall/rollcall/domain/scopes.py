"""Administrators' scopes: each includes the ones before it."""

LADDER = ("admin:read", "admin:write", "admin:breakglass", "admin:super")


def holds(scopes: frozenset[str], needed: str) -> bool:
    """Return whether these scopes include the needed one."""
    if needed not in LADDER:
        return needed in scopes
    return not scopes.isdisjoint(LADDER[LADDER.index(needed) :])
