"""Signs tokens for the local stack, as an identity provider would."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from workbench.stack.deployment import secrets_client
from workbench.stack.state import StackState


def console_token_command(org_id: UUID | str) -> str:
    """Return the command that prints a token for all functions of the operations console."""
    return f".venv/bin/rollcall token --org {org_id} --scope admin:write --role service"


class TokenSigner:
    """Signs with the stack's secret, which it reads once."""

    def __init__(self, state: StackState) -> None:
        self._state = state
        secrets = secrets_client(state.aws_endpoint_url)
        self._secret = secrets.get_secret_value(SecretId=state.jwt_secret_arn)["SecretString"]

    def sign(
        self,
        user: str,
        org_ids: Iterable[UUID],
        *,
        role: str = "learner",
        scopes: Iterable[str] = (),
        lifetime: timedelta = timedelta(hours=8),
    ) -> str:
        """Return a token for this user and these organisations."""
        now = datetime.now(UTC)
        claims = {
            "iss": self._state.jwt_issuer,
            "aud": self._state.jwt_audience,
            "sub": user,
            "role": role,
            "org_ids": [str(org_id) for org_id in org_ids],
            "scope": " ".join(scopes),
            "iat": now,
            "exp": now + lifetime,
        }
        return jwt.encode(claims, self._secret, algorithm="HS256")
