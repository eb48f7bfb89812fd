"""The caller of a request: the authorizer writes the caller into its context, and a handler reads the caller there."""

from datetime import datetime
from typing import Any
from uuid import UUID

from rollcall import errors
from rollcall.contracts.caller import Caller

REFUSALS: dict[str, type[errors.RollcallError]] = {
    kind.code: kind for kind in (errors.Unauthorized, errors.InvalidToken, errors.ExpiredToken, errors.KeysUnavailable)
}
# API Gateway keeps an authorizer's answer, also a refusal, for AuthorizerResultTtlInSeconds of the template.
KEPT_SECONDS = 60


def context_of(caller: Caller, report_pass: str = "") -> dict[str, Any]:
    """Return the context of a verified caller. API Gateway takes a flat object of plain types."""
    return {
        "report_pass": report_pass,
        "subject": caller.subject,
        "role": caller.role,
        "org_ids": " ".join(sorted(map(str, caller.org_ids))),
        "scopes": " ".join(sorted(caller.scopes)),
        "expires_at": caller.expires_at,
    }


def report_pass_of(context: dict[str, Any]) -> str:
    """Return the pass that the authorizer signed; raises KeysUnavailable when the authorizer had no key."""
    if not (report_pass := context.get("report_pass")):
        raise errors.KeysUnavailable(retry_after_seconds=KEPT_SECONDS)
    return str(report_pass)


def caller_of(context: dict[str, Any], now: datetime) -> Caller:
    """Return the caller of a request; raises Unauthorized, InvalidToken, ExpiredToken, KeysUnavailable.

    The authorizer names its refusal in the context, because API Gateway's own refusal has neither a reason nor our
    form. Without a context there is no caller: a route that lost its authorizer refuses every request.
    """
    if refusal := context.get("refusal"):
        kind = REFUSALS.get(refusal, errors.InvalidToken)
        raise kind(retry_after_seconds=KEPT_SECONDS)
    if "subject" not in context:
        raise errors.Unauthorized
    caller = Caller(
        subject=context["subject"],
        role=context["role"],
        org_ids=frozenset(map(UUID, context["org_ids"].split())),
        scopes=frozenset(context["scopes"].split()),
        expires_at=int(context["expires_at"]),
    )
    # The authorizer's answer may be as old as KEPT_SECONDS.
    if caller.expires_at <= now.timestamp():
        raise errors.ExpiredToken
    return caller
