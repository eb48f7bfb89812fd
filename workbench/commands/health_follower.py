"""Follows health over a socket. It connects again after a disconnection, and subscribes again after a gap."""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from workbench.api_client import ApiClient, ApiUnavailable
from workbench.commands.health_view import HealthView, Message
from workbench.errors import WorkbenchError

TICKETS = "/api/socket/tickets"
OPEN_SECONDS = 30
# Heartbeats come more often. After so long without a message the client sends a ping.
SILENCE_SECONDS = 60
PONG_SECONDS = 10
WAIT_SECONDS_MAX = 30

CutOff = (WebSocketException, OSError, ApiUnavailable)  # a TimeoutError is an OSError


@dataclass
class Follower:
    """One client, for these organisations. `tell_cut_off` gets the wait until the next connection, and the reason."""

    client: ApiClient
    org_ids: Sequence[UUID]
    tell_cut_off: Callable[[float, str], None]
    sleep: Callable[[float], None] = time.sleep
    view: HealthView = field(default_factory=HealthView)

    def messages(self) -> Iterator[Message]:
        """Yield each message after `view` has applied it, for ever. Raises WorkbenchError when access is refused."""
        failures = 0
        while True:
            try:
                for message in self._session():
                    failures = 0
                    yield message
            except CutOff as fault:
                failures += 1
                # Jitter: clients that were disconnected together must not all connect again at the same moment.
                seconds = random.uniform(0, min(WAIT_SECONDS_MAX, 2**failures))
                self.tell_cut_off(seconds, type(fault).__name__)
                self.sleep(seconds)

    def _session(self) -> Iterator[Message]:
        ticket = self.client.post(TICKETS)
        with connect(f"{ticket['url']}?ticket={ticket['ticket']}", open_timeout=OPEN_SECONDS) as connection:
            self._subscribe(connection)
            while True:
                message = _hear(connection)
                if message["type"] == "problem":
                    self._mend(connection, message)
                elif self.view.take(message) == "gap":
                    self._subscribe(connection)
                yield message

    def _subscribe(self, connection: ClientConnection) -> None:
        _say(connection, {"action": "subscribe", "org_ids": [str(org_id) for org_id in self.org_ids]})

    def _mend(self, connection: ClientConnection, problem: Message) -> None:
        if (seconds := problem.get("retry_after_seconds")) is None:
            raise WorkbenchError(f"{problem['detail']} ({problem['code']})")
        self.sleep(seconds)
        self._subscribe(connection)


def _say(connection: ClientConnection, message: dict[str, Any]) -> None:
    connection.send(json.dumps(message))


def _hear(connection: ClientConnection) -> Message:
    try:
        text = connection.recv(SILENCE_SECONDS)
    except TimeoutError:
        _say(connection, {"action": "ping"})
        text = connection.recv(PONG_SECONDS)
    message: Message = json.loads(text)
    # Messages that API Gateway sends by itself have no `type`.
    return message if "type" in message else {"type": "unknown", **message}
