"""Sockets: what API Gateway's management API is sent, signed as the SDK signs, and what its answers mean."""

import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from rollcall.cloud.signature import AwsCredentials, sign
from rollcall.cloud.sockets import Sockets
from rollcall.errors import ConnectionGone, SocketsUnavailable

CONNECTION_ID = "L0SM9cOFvHcCIhw="  # as API Gateway makes them
SENT_AS = "/live/@connections/L0SM9cOFvHcCIhw%3D"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("session_token", [None, "a session token"])
def test_a_path_is_signed_as_the_sdk_signs_it(method: str, session_token: str | None) -> None:
    """Encoded once more than it is sent, the @ as well."""
    url = f"https://abc.execute-api.eu-central-1.amazonaws.com{SENT_AS}"
    request = AWSRequest(method, url, data=b"text")
    SigV4Auth(Credentials("AKID", "secret", session_token), "execute-api", "eu-central-1").add_auth(request)
    at = datetime.strptime(request.context["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    credentials = AwsCredentials("AKID", "secret", session_token)
    ours = sign(method, url, {}, b"text", "execute-api", "eu-central-1", credentials, at)
    assert ours["authorization"] == request.headers["Authorization"]


class Gateway(http.server.BaseHTTPRequestHandler):
    """Answers by the script, and keeps connections."""

    protocol_version = "HTTP/1.1"
    status: ClassVar[int] = 200
    heard: ClassVar[list[tuple[str, str, bytes]]] = []
    clients: ClassVar[set[tuple[str, int]]] = set()

    def do_POST(self) -> None:
        """Note what was sent."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.heard.append((self.command, self.path, body))
        self.clients.add(self.client_address)
        assert "/eu-central-1/execute-api/aws4_request" in self.headers["Authorization"]
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_DELETE = do_POST  # noqa: N815 - the name that the server looks for

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    Gateway.status = 200
    Gateway.heard.clear()
    Gateway.clients.clear()
    # One thread for each connection: a kept connection does not block the end.
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/live"
    yield Sockets(address, "eu-central-1", lambda: AwsCredentials("AKID", "secret", None))
    server.shutdown()


def test_a_message_is_posted_and_a_socket_deleted_over_one_connection(sockets: Sockets) -> None:
    """The id is encoded in the path; opening a connection for each would take longer than all else."""
    sockets.post(CONNECTION_ID, '{"type":"heartbeat"}')
    sockets.close(CONNECTION_ID)
    assert Gateway.heard == [("POST", SENT_AS, b'{"type":"heartbeat"}'), ("DELETE", SENT_AS, b"")]
    assert len(Gateway.clients) == 1


@pytest.mark.parametrize(
    ("status", "raised"),
    [(410, ConnectionGone), (403, SocketsUnavailable), (429, SocketsUnavailable), (500, SocketsUnavailable)],
)
def test_who_is_gone_is_told_from_who_cannot_be_reached(sockets: Sockets, status: int, raised: type[Exception]) -> None:
    """The one is forgotten, the other is not."""
    Gateway.status = status
    with pytest.raises(raised):
        sockets.post(CONNECTION_ID, "text")


def test_a_gateway_that_is_away_is_told_as_such() -> None:
    """No server listens at the address."""
    away = Sockets("http://127.0.0.1:9/live", "eu-central-1", lambda: AwsCredentials("AKID", "secret", None))
    with pytest.raises(SocketsUnavailable):
        away.post(CONNECTION_ID, "text")
