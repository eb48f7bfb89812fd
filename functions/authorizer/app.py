"""The authorizer of every protected route: verifies the bearer token once, and hands on who it is."""

from typing import Any

from rollcall.edge import identity, observe, token_rules, tokens
from rollcall.errors import KeysUnavailable, SecretUnavailable, Unauthorized


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway (simple response). Handlers turn a refusal into its problem: see edge.identity."""
    try:
        caller = tokens.verify((event.get("headers") or {}).get("authorization"), token_rules.current())
        report_pass = token_rules.report_pass_of(caller)
    except (Unauthorized, KeysUnavailable, SecretUnavailable) as refusal:
        code = KeysUnavailable.code if isinstance(refusal, SecretUnavailable) else refusal.code
        observe.logger().info("refused", extra={"code": code})
        return {"isAuthorized": True, "context": {"refusal": code}}
    observe.logger().info("verified", extra={"role": caller.role, "organisations": len(caller.org_ids)})
    return {"isAuthorized": True, "context": identity.context_of(caller, report_pass)}
