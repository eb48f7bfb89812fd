"""A proxy on this machine in front of a stack: it fails by plan, as servers and networks do, and counts."""

import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

from workbench.stack.ports import LOOPBACK

DROPPED_HEADERS = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}
ANSWER_SECONDS = 60
NO_LINGERING = struct.pack("ii", 1, 0)  # the client sees a reset, not a polite end


class Fault(Enum):
    """What may go wrong with a delivery."""

    UNAVAILABLE = "the server answers 503, and nothing of it was taken"
    CUT_BEFORE = "the connection is cut before the server has anything"
    CUT_AFTER = "the server took it, and the connection is cut before the answer"


Plan = Callable[[int], Fault | None]
"""Says what goes wrong with the n-th delivery, counted from 1."""


def nothing_fails(_number: int) -> Fault | None:
    """Let everything through."""
    return None


def every_other_fails(number: int) -> Fault | None:
    """Fail in each way, again and again; after each failure one delivery passes."""
    return (Fault.UNAVAILABLE, None, Fault.CUT_BEFORE, None, Fault.CUT_AFTER, None)[(number - 1) % 6]


def three_fail(number: int) -> Fault | None:
    """Fail once in each way, and never again: for a client that tries no more than three times again."""
    return {2: Fault.UNAVAILABLE, 4: Fault.CUT_BEFORE, 6: Fault.CUT_AFTER}.get(number)


def some_fail(number: int) -> Fault | None:
    """Fail three times in twenty: for a client that sends many small requests at once, each tried ten times."""
    return {4: Fault.UNAVAILABLE, 11: Fault.CUT_BEFORE, 17: Fault.CUT_AFTER}.get(number % 20)


@dataclass(frozen=True)
class Delivery:
    """A POST that a client sent."""

    path: str
    headers: dict[str, str]
    fault: Fault | None


@dataclass
class FlakyProxy:
    """Where a client is pointed at. `is_delivery` tells which paths may fail; everything else passes."""

    target: str
    plan: Plan = nothing_fails
    is_delivery: Callable[[str], bool] = lambda _path: True
    deliveries: list[Delivery] = field(default_factory=list)
    preflights: list[str] = field(default_factory=list)
    answers: list[tuple[str, int]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _port: int = 0

    @property
    def url(self) -> str:
        """Its address; what follows it is the stack's own path."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def host(self) -> str:
        """Its address without the scheme, as some clients want it."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def faults(self) -> set[Fault]:
        """What went wrong so far."""
        return {delivery.fault for delivery in self.deliveries if delivery.fault}

    @contextmanager
    def serving(self) -> Iterator[Self]:
        """Serve until the end of the block."""
        handler = type("Handler", (_Handler,), {"owner": self})
        server = ThreadingHTTPServer((LOOPBACK, 0), handler)
        server.daemon_threads = True
        self._port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def meet(self, method: str, path: str, headers: dict[str, str]) -> Fault | None:
        """Note a request; return what goes wrong with it."""
        with self._lock:
            if method == "OPTIONS":
                self.preflights.append(path)
            if method != "POST" or not self.is_delivery(path):
                return None
            fault = self.plan(len(self.deliveries) + 1)
            self.deliveries.append(Delivery(path, headers, fault))
            return fault

    def note_answer(self, path: str, status: int) -> None:
        """Note what the stack answered."""
        with self._lock:
            self.answers.append((path, status))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: FlakyProxy

    def do_any(self) -> None:
        """Pass a request on, unless something goes wrong with it."""
        body = self._body()
        fault = self.owner.meet(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
        if fault is Fault.UNAVAILABLE:
            self._answer(503, [("Content-Type", "application/json"), *self._allowed()], b'{"message":"Unavailable"}')
        elif fault is Fault.CUT_BEFORE:
            self._cut()
        else:
            answer = self._forward(body)
            self.owner.note_answer(self.path, answer[0])
            if fault is Fault.CUT_AFTER:
                self._cut()
            else:
                self._answer(*answer)

    do_GET = do_POST = do_PUT = do_HEAD = do_OPTIONS = do_any  # noqa: N815 - as the base class calls them

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: the tests look at what was counted."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        target = urlsplit(self.owner.target)
        connection = http.client.HTTPConnection(target.netloc, timeout=ANSWER_SECONDS)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED_HEADERS}
        try:
            connection.request(self.command, target.path + self.path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in DROPPED_HEADERS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def _allowed(self) -> list[tuple[str, str]]:
        """Return what API Gateway adds to its own errors as well: else a page could not read the status."""
        origin = self.headers.get("Origin")
        return [("Access-Control-Allow-Origin", origin)] if origin else []

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)
        self.connection.close()
