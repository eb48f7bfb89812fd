"""What administrators' routes ask of their caller."""

from typing import TypeVar
from uuid import UUID

from rollcall import errors
from rollcall.contracts.caller import Caller, Role
from rollcall.contracts.reports import OrganisationQuery
from rollcall.domain import scopes
from rollcall.domain.ingest.subject import name_requester
from rollcall.domain.scrub.notes import scrub_note
from rollcall.edge.http import identity
from rollcall.edge.http.parse import read_query
from rollcall.edge.http.router import Request
from rollcall.edge.runtime import clock
from rollcall.edge.wiring import scrub as wiring_scrub

Query = TypeVar("Query", bound=OrganisationQuery)


def administrator(request: Request, scope: str, *, role: Role | None = None, org_id: UUID | None = None) -> Caller:
    """Return the caller, who holds this scope, and this role and organisation where they are named.

    Raises Unauthorized and its kin, ScopeMissing, RoleForbidden, OrganisationForbidden.
    """
    caller = identity.caller_of(request.authorizer_context, clock.now())
    if not scopes.holds(caller.scopes, scope):
        raise errors.ScopeMissing(f"The token lacks the scope {scope}.")
    if role is not None and caller.role != role:
        raise errors.RoleForbidden
    if org_id is not None and org_id not in caller.org_ids:
        raise errors.OrganisationForbidden
    return caller


def read_query_of(request: Request, scope: str, model: type[Query]) -> Query:
    """Return the query of a caller who holds this scope, and the organisation that it names.

    Raises what `administrator` and `models.read_query` raise.
    """
    administrator(request, scope)
    query = read_query(request, model)
    administrator(request, scope, org_id=query.org_id)
    return query


def requester(caller: Caller, org_id: UUID) -> str:
    """Return how a caller is written down beside what was done for an organisation; raises KeysUnavailable."""
    return name_requester(caller.subject, lambda subject: wiring_scrub.pseudonymiser_of(org_id).pseudonym(subject))


def kept_reason(reason: str) -> str:
    """Return somebody's reason without what is personal in it, e-mail addresses for one; raises ScrubFailed."""
    return scrub_note(reason)
