"""Calls AWS services that speak JSON 1.0 or 1.1, without the SDK: one signed POST at a time."""

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from rollcall.cloud.signature import AwsCredentials, sign_post

TIMEOUT_SECONDS = 2
HTTP_OK = 200


class ServiceUnreachable(Exception):
    """Nobody answered, or not in the protocol's form."""


@dataclass(frozen=True)
class Answer:
    """What a service answered: its members, or the name of its error."""

    status: int
    members: Mapping[str, Any]

    @property
    def is_ok(self) -> bool:
        """Tell whether the call succeeded."""
        return self.status == HTTP_OK

    @property
    def error(self) -> str:
        """The error's name, such as ParameterNotFound; empty for a success."""
        return str(self.members.get("__type", "")).rpartition("#")[2]


@dataclass(frozen=True)
class JsonService:
    """One service in one region. `target` is the prefix of its operations, such as AmazonSSM; `version` that of JSON."""

    name: str
    target: str
    region: str
    endpoint_url: str | None
    credentials: Callable[[], AwsCredentials]
    version: str = "1.1"

    def call(self, operation: str, members: Mapping[str, Any]) -> Answer:
        """Call an operation; raises ServiceUnreachable."""
        url = self.endpoint_url or f"https://{self.name}.{self.region}.amazonaws.com"
        body = json.dumps(members).encode()
        headers = {
            "Content-Type": f"application/x-amz-json-{self.version}",
            "X-Amz-Target": f"{self.target}.{operation}",
        }
        signed = sign_post(url, headers, body, self.name, self.region, self.credentials(), datetime.now(UTC))
        try:
            status, answer = _post(url, signed, body)
            document = json.loads(answer)
        except (OSError, http.client.HTTPException, ValueError) as fault:
            raise ServiceUnreachable from fault
        return Answer(status, document if isinstance(document, dict) else {})


def _post(url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    address = urlsplit(url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", address.path or "/", body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
