"""HTTP connections to one service, each kept for the next call: opening one over TLS takes longer than a call."""

import http.client
import ssl
import time
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

IDLE_MAX = 16
# Shorter than services and the networks between keep an idle connection. By the wall clock: a function that is frozen
# between two invocations has no other that goes on.
IDLE_SECONDS_MAX = 20.0
# Errors of a connection that the service closed while it was idle; no request was sent then.
CLOSED_MEANWHILE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


@dataclass(frozen=True)
class KeptConnections:
    """Connections to one address; several threads may use them at once."""

    url: str
    timeout_seconds: float
    idle_max: int = IDLE_MAX
    _idle: list[tuple[float, http.client.HTTPConnection]] = field(default_factory=list, init=False, repr=False)

    @cached_property
    def _address(self) -> SplitResult:
        return urlsplit(self.url)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def post(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Post to the address itself; like `request`."""
        return self.request("POST", self._address.path or "/", headers, body)

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Return the status and the body of the answer; raises OSError, http.client.HTTPException.

        A connection that was kept and turns out to be closed is replaced by a new one, and the call is made there.
        """
        if (kept := self._take()) is not None:
            try:
                return self._request_over(kept, method, path, headers, body)
            except CLOSED_MEANWHILE:
                pass
        return self._request_over(self._open(), method, path, headers, body)

    def _take(self) -> http.client.HTTPConnection | None:
        while True:
            try:
                kept_at, connection = self._idle.pop()
            except IndexError:
                return None
            if 0 <= time.time() - kept_at < IDLE_SECONDS_MAX:
                return connection
            connection.close()

    def _open(self) -> http.client.HTTPConnection:
        if self._address.scheme == "https":
            return http.client.HTTPSConnection(self._address.netloc, timeout=self.timeout_seconds, context=self._tls)
        return http.client.HTTPConnection(self._address.netloc, timeout=self.timeout_seconds)

    def _request_over(
        self, connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        is_kept = False
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = response.status, response.read()
            is_kept = not response.will_close and len(self._idle) < self.idle_max
        finally:
            if not is_kept:
                connection.close()
        if is_kept:
            self._idle.append((time.time(), connection))
        return answer
