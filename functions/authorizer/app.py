"""The authorizer of every protected route: verifies the bearer token once, and passes the caller on to the route."""

from typing import Any

from rollcall.contracts.caller import Caller
from rollcall.edge.http import identity, tokens
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import token_rules
from rollcall.errors import KeysUnavailable, SecretUnavailable, Unauthorized


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway (simple response). Handlers turn a refusal into its problem: see edge.http.identity."""
    try:
        caller = tokens.verify((event.get("headers") or {}).get("authorization"), token_rules.current())
    except (Unauthorized, KeysUnavailable) as refusal:
        observe.logger().info("refused", extra={"code": refusal.code})
        return {"isAuthorized": True, "context": {"refusal": refusal.code}}
    observe.logger().info("verified", extra={"role": caller.role, "organisations": len(caller.org_ids)})
    return {"isAuthorized": True, "context": identity.context_of(caller, _report_pass_of(caller))}


def _report_pass_of(caller: Caller) -> str:
    """Return the caller's report pass, or "" while its key cannot be read: only reports need it, other routes go on."""
    try:
        return token_rules.report_pass_of(caller)
    except SecretUnavailable as fault:
        observe.logger().warning("no report pass", extra={"code": fault.code})
        return ""
