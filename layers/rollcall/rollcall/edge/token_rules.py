"""Which tokens are good here: the rules of tokens, from the settings."""

from functools import cache

import jwt

from rollcall.edge import settings, tokens, wiring

KEY_SECONDS = 300  # how long a rotated secret or key set may go unnoticed
KEY_SET_TIMEOUT_SECONDS = 3  # API Gateway waits for an authorizer for ten seconds at most


@cache
def current() -> tokens.TokenRules:
    """Return which tokens are good here."""
    given = settings.current()
    return tokens.TokenRules(
        algorithms=given.jwt_algorithms,
        issuer=given.need("jwt_issuer"),
        audience=given.need("jwt_audience"),
        leeway_seconds=given.jwt_leeway_seconds,
        secret=_secret if given.jwt_secret_arn else None,
        key_set=_key_set(given.jwt_jwks_url) if given.jwt_jwks_url else None,
    )


def _key_set(url: str) -> jwt.PyJWKClient:
    return jwt.PyJWKClient(url, lifespan=KEY_SECONDS, timeout=KEY_SET_TIMEOUT_SECONDS)


def _secret() -> str:
    return wiring.secrets().read(settings.current().jwt_secret_arn, KEY_SECONDS)
