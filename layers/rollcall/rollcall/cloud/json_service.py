"""Calls AWS services that speak JSON 1.0 or 1.1, without the SDK: one signed POST at a time."""

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from rollcall.cloud.http_pool import KeptConnections
from rollcall.cloud.signature import AwsCredentials, sign_post

TIMEOUT_SECONDS = 2
HTTP_OK = 200


class ServiceUnreachable(Exception):
    """No answer came, or none in the protocol's form."""


@dataclass(frozen=True)
class Answer:
    """What a service answered: its members, or the name of its error."""

    status: int
    members: Mapping[str, Any]

    @property
    def is_ok(self) -> bool:
        """Return whether the call succeeded."""
        return self.status == HTTP_OK

    @property
    def error(self) -> str:
        """The error's name, such as ParameterNotFound; empty for a success."""
        return str(self.members.get("__type", "")).rpartition("#")[2]


@dataclass(frozen=True)
class JsonService:
    """One service in one region. `target` begins the names of its operations (AmazonSSM); `version` is that of JSON."""

    name: str
    target: str
    region: str
    endpoint_url: str | None
    credentials: Callable[[], AwsCredentials]
    version: str = "1.1"

    @cached_property
    def _connections(self) -> KeptConnections:
        url = self.endpoint_url or f"https://{self.name}.{self.region}.amazonaws.com"
        return KeptConnections(url, TIMEOUT_SECONDS)

    def call(self, operation: str, members: Mapping[str, Any]) -> Answer:
        """Call an operation; raises ServiceUnreachable."""
        url = self._connections.url
        body = json.dumps(members).encode()
        headers = {
            "Content-Type": f"application/x-amz-json-{self.version}",
            "X-Amz-Target": f"{self.target}.{operation}",
        }
        signed = sign_post(url, headers, body, self.name, self.region, self.credentials(), datetime.now(UTC))
        try:
            status, answer = self._connections.post(signed, body)
            document = json.loads(answer)
        except (OSError, http.client.HTTPException, ValueError) as fault:
            raise ServiceUnreachable from fault
        return Answer(status, document if isinstance(document, dict) else {})
