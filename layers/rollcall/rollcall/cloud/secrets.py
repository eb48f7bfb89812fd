"""Reads secrets from AWS Secrets Manager, without the SDK."""

import math
import time
from collections.abc import Callable

from rollcall.cloud.json_service import JsonService, ServiceUnreachable
from rollcall.cloud.signature import AwsCredentials
from rollcall.errors import SecretUnavailable


class Secrets:
    """Secrets by ARN."""

    def __init__(self, region: str, endpoint_url: str | None, credentials: Callable[[], AwsCredentials]) -> None:
        self._service = JsonService("secretsmanager", "secretsmanager", region, endpoint_url, credentials)
        self._kept: dict[str, tuple[float, str]] = {}

    def read(self, arn: str, max_age_seconds: float = 0) -> str:
        """Return the secret's text, or what it was at most that long ago; raises SecretUnavailable."""
        read_at, text = self._kept.get(arn, (-math.inf, ""))
        if time.monotonic() - read_at >= max_age_seconds:
            text = self._ask(arn)
            self._kept[arn] = time.monotonic(), text
        return text

    def _ask(self, arn: str) -> str:
        try:
            answer = self._service.call("GetSecretValue", {"SecretId": arn})
        except ServiceUnreachable as fault:
            raise SecretUnavailable from fault
        if not answer.is_ok:
            raise SecretUnavailable(f"Secrets Manager answered {answer.status}.")
        return str(answer.members["SecretString"])
