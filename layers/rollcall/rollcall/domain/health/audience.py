"""Who may see what of health: anybody the status, administrators the numbers, and of organisations their own."""

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from rollcall.contracts.caller import Caller
from rollcall.contracts.sockets.connection import Topic
from rollcall.domain.scopes import holds
from rollcall.errors import OrganisationForbidden, ScopeMissing

NUMBERS_SCOPE = "admin:read"


class Scoped(Protocol):
    """A holder of scopes."""

    @property
    def scopes(self) -> frozenset[str]:
        """Those of the token."""


def sees_numbers(bearer: Scoped) -> bool:
    """Return whether the bearer of a token may see more than the status."""
    return holds(bearer.scopes, NUMBERS_SCOPE)


def topics_for(caller: Caller, wanted: frozenset[Topic] | None) -> frozenset[Topic]:
    """Return what a caller subscribes to: what they want, or all that they may see. Raises ScopeMissing."""
    allowed: frozenset[Topic] = frozenset({"health", "organisations"} if sees_numbers(caller) else {"health"})
    if wanted is None:
        return allowed
    if not wanted <= allowed:
        raise ScopeMissing(f"The token lacks the scope {NUMBERS_SCOPE}.")
    return wanted


def organisations_for(caller: Caller, wanted: Iterable[UUID] | None) -> frozenset[UUID]:
    """Return the organisations that a caller subscribes to: some of the token's. Raises OrganisationForbidden."""
    if wanted is None:
        return caller.org_ids
    chosen = frozenset(wanted)
    if not chosen <= caller.org_ids:
        raise OrganisationForbidden
    return chosen
