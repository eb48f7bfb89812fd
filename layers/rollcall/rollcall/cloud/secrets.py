"""Reads secrets from AWS Secrets Manager, without the SDK."""

import http.client
import json
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from rollcall.cloud.signature import AwsCredentials, sign_post
from rollcall.errors import SecretUnavailable

TIMEOUT_SECONDS = 2
HTTP_OK = 200


class Secrets:
    """Secrets by ARN."""

    def __init__(self, region: str, endpoint_url: str | None, credentials: Callable[[], AwsCredentials]) -> None:
        self._region = region
        self._url = endpoint_url or f"https://secretsmanager.{region}.amazonaws.com"
        self._credentials = credentials
        self._kept: dict[str, tuple[float, str]] = {}

    def read(self, arn: str, max_age_seconds: float = 0) -> str:
        """Return the secret's text, or what it was at most that long ago; raises SecretUnavailable."""
        read_at, text = self._kept.get(arn, (-math.inf, ""))
        if time.monotonic() - read_at >= max_age_seconds:
            text = self._ask(arn)
            self._kept[arn] = time.monotonic(), text
        return text

    def _ask(self, arn: str) -> str:
        body = json.dumps({"SecretId": arn}).encode()
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "secretsmanager.GetSecretValue",
        }
        signed = sign_post(
            self._url, headers, body, "secretsmanager", self._region, self._credentials(), datetime.now(UTC)
        )
        try:
            status, answer = self._post(signed, body)
        except (OSError, http.client.HTTPException) as fault:
            raise SecretUnavailable from fault
        if status != HTTP_OK:
            raise SecretUnavailable(f"Secrets Manager answered {status}.")
        return str(json.loads(answer)["SecretString"])

    def _post(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        address = urlsplit(self._url)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = kind(address.netloc, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", address.path or "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()
