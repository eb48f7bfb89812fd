"""The authorizer of every protected route: verifies the bearer token once, and hands on who it is."""

from functools import cache
from typing import Any

import jwt
from rollcall.edge import identity, observe, settings, tokens, wiring
from rollcall.errors import KeysUnavailable, Unauthorized

KEY_SECONDS = 300  # how long a rotated secret or key set may go unnoticed
KEY_SET_TIMEOUT_SECONDS = 3  # API Gateway waits for an authorizer for ten seconds at most


@cache
def rules() -> tokens.TokenRules:
    """Return which tokens are good here, from the settings."""
    current = settings.current()
    return tokens.TokenRules(
        algorithms=current.jwt_algorithms,
        issuer=current.need("jwt_issuer"),
        audience=current.need("jwt_audience"),
        leeway_seconds=current.jwt_leeway_seconds,
        secret=_secret if current.jwt_secret_arn else None,
        key_set=_key_set(current.jwt_jwks_url) if current.jwt_jwks_url else None,
    )


def _key_set(url: str) -> jwt.PyJWKClient:
    return jwt.PyJWKClient(url, lifespan=KEY_SECONDS, timeout=KEY_SET_TIMEOUT_SECONDS)


def _secret() -> str:
    return wiring.secrets().read(settings.current().jwt_secret_arn, KEY_SECONDS)


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway (simple response). Handlers turn a refusal into its problem: see edge.identity."""
    try:
        caller = tokens.verify((event.get("headers") or {}).get("authorization"), rules())
    except (Unauthorized, KeysUnavailable) as refusal:
        observe.logger().info("refused", extra={"code": refusal.code})
        return {"isAuthorized": True, "context": {"refusal": refusal.code}}
    observe.logger().info("verified", extra={"role": caller.role, "organisations": len(caller.org_ids)})
    return {"isAuthorized": True, "context": identity.context_of(caller)}
