"""The caller of a request: what the authorizer hands on, and what a handler makes of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from rollcall import errors
from rollcall.contracts.caller import Caller

REFUSALS: dict[str, type[errors.RollcallError]] = {
    kind.code: kind for kind in (errors.Unauthorized, errors.InvalidToken, errors.ExpiredToken, errors.KeysUnavailable)
}
# API Gateway keeps an authorizer's answer for so long (the template's AuthorizerResultTtlInSeconds), a refusal too.
KEPT_SECONDS = 60


def context_of(caller: Caller, report_pass: str = "") -> dict[str, Any]:
    """Return an authorizer's context for a verified caller: flat and of plain types, as API Gateway wants it."""
    return {
        "report_pass": report_pass,
        "subject": caller.subject,
        "role": caller.role,
        "org_ids": " ".join(sorted(map(str, caller.org_ids))),
        "scopes": " ".join(sorted(caller.scopes)),
        "expires_at": caller.expires_at,
    }


def report_pass_of(context: dict[str, Any]) -> str:
    """Return the pass that the authorizer signed; raises KeysUnavailable where it had no key."""
    if not (report_pass := context.get("report_pass")):
        raise errors.KeysUnavailable(retry_after_seconds=KEPT_SECONDS)
    return str(report_pass)


def caller_of(context: dict[str, Any], now: datetime) -> Caller:
    """Return the caller of a request; raises Unauthorized, InvalidToken, ExpiredToken, KeysUnavailable.

    The authorizer refuses by naming the refusal in the context, since a refusal of API Gateway's own could tell
    neither why nor in which form. No context, no caller: a route without its authorizer lets nobody in.
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
    # API Gateway may have kept the authorizer's answer for a while.
    if caller.expires_at <= now.timestamp():
        raise errors.ExpiredToken
    return caller
