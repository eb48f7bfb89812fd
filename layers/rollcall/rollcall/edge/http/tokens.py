"""Verifies bearer tokens: JSON Web Tokens under a shared secret or a published key set."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import jwt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rollcall.contracts.caller import Caller, Role
from rollcall.contracts.identifiers import Identifier, read_uuid
from rollcall.errors import ExpiredToken, InvalidToken, KeysUnavailable, SecretUnavailable, Unauthorized

SYMMETRIC = frozenset({"HS256"})
ASYMMETRIC = frozenset({"RS256", "ES256"})
TOKEN_LENGTH_MAX = 8192
SCHEME = "bearer"
TOKEN_TYPES = frozenset({"JWT", "AT+JWT"})


class KeySet(Protocol):
    """Published keys, by the key id in a token's header."""

    def get_signing_key_from_jwt(self, token: str) -> jwt.PyJWK:
        """Return the key that signed this token; raises jwt.PyJWTError."""


class Claims(BaseModel):
    """The claims that a token must have, beyond those that PyJWT checks."""

    model_config = ConfigDict(extra="ignore", strict=True)

    sub: Identifier
    exp: int | float
    role: Role = "learner"
    org_ids: list[str] = Field(min_length=1, max_length=100)
    scope: str = Field("", max_length=1000)

    @property
    def organisations(self) -> frozenset[UUID]:
        """The organisations that the token holds; raises ValueError for an id that is no UUID."""
        found = [read_uuid(org_id) for org_id in self.org_ids]
        if None in found:
            raise ValueError("the id of an organisation is no UUID")
        return frozenset(org_id for org_id in found if org_id is not None)


@dataclass(frozen=True)
class TokenRules:
    """The rules for valid tokens. They allow one family of algorithms, so a public key never serves as a secret."""

    algorithms: frozenset[str]
    issuer: str
    audience: str
    leeway_seconds: int
    secret: Callable[[], str] | None = None
    key_set: KeySet | None = None


def verify(authorization: str | None, rules: TokenRules) -> Caller:
    """Return the bearer of an Authorization header.

    Raises Unauthorized, InvalidToken, ExpiredToken, KeysUnavailable.
    """
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if scheme.lower() != SCHEME or not token:
        raise Unauthorized
    if len(token) > TOKEN_LENGTH_MAX:
        raise InvalidToken
    try:
        claims = Claims.model_validate(_decode(token, rules))
        return Caller(
            subject=claims.sub,
            role=claims.role,
            org_ids=claims.organisations,
            scopes=frozenset(claims.scope.split()),
            expires_at=int(claims.exp) + rules.leeway_seconds,
        )
    except (jwt.PyJWKClientConnectionError, SecretUnavailable) as fault:
        # The fault is on this side. After a 401 every client would throw its token away.
        raise KeysUnavailable from fault
    except jwt.ExpiredSignatureError as fault:
        raise ExpiredToken from fault
    except (jwt.PyJWTError, ValidationError, ValueError, TypeError) as fault:
        raise InvalidToken from fault


def _decode(token: str, rules: TokenRules) -> dict[str, Any]:
    header = jwt.get_unverified_header(token)
    algorithm = header.get("alg")
    if algorithm not in rules.algorithms or str(header.get("typ", "JWT")).upper() not in TOKEN_TYPES:
        raise InvalidToken
    return dict(
        jwt.decode(
            token,
            _key(token, algorithm, rules),
            algorithms=[algorithm],
            issuer=rules.issuer,
            audience=rules.audience,
            leeway=rules.leeway_seconds,
            options={"require": ["exp", "sub", "iss", "aud"]},
        )
    )


def _key(token: str, algorithm: str, rules: TokenRules) -> Any:
    if algorithm in SYMMETRIC and rules.secret is not None:
        return rules.secret()
    if algorithm in ASYMMETRIC and rules.key_set is not None:
        try:
            return rules.key_set.get_signing_key_from_jwt(token).key
        except (OSError, json.JSONDecodeError, jwt.PyJWKSetError) as fault:
            # The provider closed the connection, or its answer is no key set.
            raise KeysUnavailable from fault
    raise InvalidToken
