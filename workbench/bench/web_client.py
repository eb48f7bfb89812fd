"""Posts prepared batches over HTTP: the same client for every server."""

import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.bench.batches import ROUTE
from workbench.bench.environment import check
from workbench.bench.loops import Call
from workbench.stack.ports import LOOPBACK


@dataclass(frozen=True)
class HttpCallee:
    """Servers on this machine. Each client process keeps one connection to one server."""

    ports: Sequence[int]

    def open(self, seat: int) -> Call:
        """Connect."""
        connection = http.client.HTTPConnection(LOOPBACK, self.ports[seat % len(self.ports)], timeout=30)
        path = ROUTE.partition(" ")[2]

        def call(payload: bytes) -> None:
            event = json.loads(payload)
            caller = event["requestContext"]["authorizer"]["lambda"]
            headers = {
                "Content-Type": "application/json",
                "X-Subject": caller["subject"],
                "X-Organisation": caller["org_ids"],
            }
            connection.request("POST", path, event["body"].encode(), headers)
            answer = connection.getresponse()
            check({"statusCode": answer.status, "body": answer.read().decode()})

        return call
