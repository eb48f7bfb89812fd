"""Builds from the settings the rules for accepted tokens, and the report pass that the authorizer signs."""

from functools import cache

import jwt

from rollcall.contracts.caller import Caller
from rollcall.domain import scopes
from rollcall.domain.reports.report_pass import sign_pass
from rollcall.edge.http import tokens
from rollcall.edge.runtime import settings
from rollcall.edge.wiring import environment

KEY_SECONDS = 300  # how long a rotated secret or key set may go unnoticed
READ_REPORTS = "admin:read"
KEY_SET_TIMEOUT_SECONDS = 3  # API Gateway waits at most ten seconds for an authorizer


@cache
def current() -> tokens.TokenRules:
    """Return the rules for accepted tokens."""
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
    return environment.secrets().read(settings.current().jwt_secret_arn, KEY_SECONDS)


def report_pass_of(caller: Caller) -> str:
    """Return a report pass for a caller who may read reports, else an empty text; raises SecretUnavailable."""
    if not scopes.holds(caller.scopes, READ_REPORTS):
        return ""
    secret = environment.secrets().read(settings.current().need("report_pass_secret_arn"), KEY_SECONDS)
    return sign_pass(caller.org_ids, caller.expires_at, secret)
