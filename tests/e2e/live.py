"""A socket as a client holds it: subscribed, its picture of health kept up to date as messages come."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rollcall.domain.merge_patch import apply
from websockets.sync.client import ClientConnection, connect

from tests.e2e.people import Sender

OPEN_SECONDS = 60  # functions may start cold, several at once


class Live:
    """What a subscriber knows. `messages` are all that came, in order."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.messages: list[dict[str, Any]] = []
        self.health: dict[str, Any] = {}
        self.organisations: dict[str, Any] = {}
        self.advice: dict[str, Any] = {}
        self.sequence = 0
        self.gaps = 0

    def ask(self, action: str, **members: Any) -> None:
        """Send a message."""
        self.socket.send(json.dumps({"action": action, **members}))

    def subscribe(self) -> None:
        """Ask for everything, from the beginning."""
        self.ask("subscribe", topics=["health", "organisations"])

    def receive(self, seconds: float) -> dict[str, Any] | None:
        """Take in the next message and return it; None when none came in time."""
        try:
            message: dict[str, Any] = json.loads(self.socket.recv(timeout=seconds))
        except TimeoutError:
            return None
        self.messages.append(message)
        self._take_in(message)
        return message

    def _take_in(self, message: dict[str, Any]) -> None:
        self.advice = message.get("advice") or self.advice
        match message["type"]:
            case "health.snapshot":
                self.health, self.organisations = message["health"], message["organisations"]
                self.sequence = message["sequence"]
            case "health.delta" if message["previous"] == self.sequence:
                self.health = apply(self.health, message["patch"])
                self.organisations = apply(self.organisations, message["organisations"])
                self.sequence = message["sequence"]
            case "health.delta" | "heartbeat" if message["sequence"] > self.sequence:
                self.gaps += 1
                self.subscribe()

    def await_that(self, condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
        """Receive until the condition holds; fails, naming what was awaited, when it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0, f"Not within {seconds} seconds: {what}."
            self.receive(left)


@contextmanager
def opened(sender: Sender, **options: Any) -> Iterator[Live]:
    """Open a socket with a ticket."""
    answer = sender.post("/api/socket/tickets")
    assert answer.status_code == 201, answer.text
    ticket = answer.json()
    with connect(f"{ticket['url']}?ticket={ticket['ticket']}", open_timeout=OPEN_SECONDS, **options) as socket:
        yield Live(socket)


@contextmanager
def watching(sender: Sender) -> Iterator[Live]:
    """Open a socket and subscribe."""
    with opened(sender) as live:
        live.subscribe()
        live.await_that(lambda: live.sequence > 0, "a snapshot")
        yield live
