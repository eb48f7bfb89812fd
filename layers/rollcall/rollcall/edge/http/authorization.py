"""Checks what a caller may do: scope, role and organisation."""

from uuid import UUID

from rollcall import errors
from rollcall.contracts.caller import Caller, Role
from rollcall.domain import scopes


def check(caller: Caller, scope: str, *, role: Role | None = None, org_id: UUID | None = None) -> None:
    """Raise ScopeMissing, RoleForbidden or OrganisationForbidden for a caller who lacks what is named here."""
    if not scopes.holds(caller.scopes, scope):
        raise errors.ScopeMissing(f"The token lacks the scope {scope}.")
    if role is not None and caller.role != role:
        raise errors.RoleForbidden
    if org_id is not None and org_id not in caller.org_ids:
        raise errors.OrganisationForbidden
