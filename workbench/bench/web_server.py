"""A thin HTTP server in front of the progress function: one process, one event at a time, as behind API Gateway."""

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any

from workbench.bench.batches import ROUTE
from workbench.bench.environment import LambdaContext, prepare_process
from workbench.stack.ports import LOOPBACK

HEAD_END = b"\r\n\r\n"
EXPIRES_AT = 4_102_444_800  # far in the future, because no authorizer sets it here

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


class HttpFunction(asyncio.Protocol):
    """A minimal HTTP/1.1 server, for clients that keep their connection and send Content-Length."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._transport = transport if isinstance(transport, asyncio.Transport) else None

    def data_received(self, data: bytes) -> None:
        """Answer each complete request."""
        self._received += data
        while (head_end := self._received.find(HEAD_END)) >= 0:
            headers = _headers_in(self._received[:head_end].decode("latin-1"))
            body_start = head_end + len(HEAD_END)
            body_end = body_start + int(headers.get("content-length", "0"))
            if len(self._received) < body_end:
                return
            body = self._received[body_start:body_end].decode()
            del self._received[:body_end]
            self._answer(self._handler(_event_of(headers, body), LambdaContext()))

    def _answer(self, answer: Mapping[str, Any]) -> None:
        body = answer["body"].encode()
        lines = [
            f"HTTP/1.1 {answer['statusCode']} -",
            *(f"{name}: {value}" for name, value in answer["headers"].items()),
        ]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
        if self._transport is not None:
            self._transport.write(head.encode() + body)


def _headers_in(head: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in head.split("\r\n")[1:])
    return {name.lower(): value.strip() for name, _, value in pairs}


def _event_of(headers: Mapping[str, str], body: str) -> dict[str, Any]:
    caller = {
        "subject": headers["x-subject"],
        "role": "learner",
        "org_ids": headers["x-organisation"],
        "scopes": "",
        "expires_at": EXPIRES_AT,
    }
    return {
        "version": "2.0",
        "routeKey": ROUTE,
        "rawPath": ROUTE.partition(" ")[2],
        "headers": headers,
        "body": body,
        "isBase64Encoded": False,
        "requestContext": {
            "authorizer": {"lambda": caller},
            "http": {"method": "POST", "path": ROUTE.partition(" ")[2]},
            "requestId": "bench",
        },
    }


async def serve() -> None:
    """Serve on any free port, and print the port on the first line."""
    from functions.progress.app import handler  # imported here, because the parent process has set the environment

    server = await asyncio.get_running_loop().create_server(lambda: HttpFunction(handler), LOOPBACK, 0)
    os.write(1, f"{server.sockets[0].getsockname()[1]}\n".encode())
    prepare_process({})  # no process reads the output after the port
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
