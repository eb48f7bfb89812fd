"""Sends to open sockets, through API Gateway's management API. Without the SDK, which takes three times as long a call.

Source: Amazon API Gateway Management API, PostToConnection and DeleteConnection.
"""

import http.client
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from rollcall.cloud.http_pool import KeptConnections
from rollcall.cloud.signature import AwsCredentials, sign
from rollcall.errors import ConnectionGone, SocketsUnavailable

SERVICE = "execute-api"
# The gateway accepts a message before the client does: a longer wait gains nothing.
TIMEOUT_SECONDS = 3
KEPT_MAX = 64
GONE = 410
SUCCESSES = range(200, 300)


class Sockets:
    """Sockets by their connection's id. Several threads may use it at once."""

    def __init__(self, management_url: str, region: str, credentials: Callable[[], AwsCredentials]) -> None:
        self._url = management_url.rstrip("/")
        self._path = urlsplit(self._url).path
        self._region = region
        self._credentials = credentials
        self._connections = KeptConnections(self._url, TIMEOUT_SECONDS, KEPT_MAX)

    def post(self, connection_id: str, text: str) -> None:
        """Send a message; raises ConnectionGone, SocketsUnavailable."""
        self._call("POST", connection_id, text.encode())

    def close(self, connection_id: str) -> None:
        """Close a socket; raises ConnectionGone where it is closed already, SocketsUnavailable."""
        self._call("DELETE", connection_id, b"")

    def _call(self, method: str, connection_id: str, body: bytes) -> None:
        place = f"/@connections/{quote(connection_id, safe='')}"
        now = datetime.now(UTC)
        headers = sign(method, self._url + place, {}, body, SERVICE, self._region, self._credentials(), now)
        try:
            status, _ = self._connections.request(method, self._path + place, headers, body)
        except (OSError, http.client.HTTPException) as fault:
            raise SocketsUnavailable from fault
        if status == GONE:
            raise ConnectionGone
        if status not in SUCCESSES:
            raise SocketsUnavailable(f"API Gateway answered {status}.")
