"""What a subscriber knows: its picture of health, kept up to date as messages come."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rollcall.domain.health.merge_patch import apply

from tests.e2e.people import Sender
from tests.e2e.socket_client import LiveSocket, Message

EVERYTHING: dict[str, Any] = {"action": "subscribe", "topics": ["health", "organisations"]}


class Picture:
    """The picture on a socket, and how often a gap was noticed in what came."""

    def __init__(self, socket: LiveSocket) -> None:
        self.socket = socket
        self.health: dict[str, Any] = {}
        self.organisations: dict[str, Any] = {}
        self.advice: dict[str, Any] = {}
        self.sequence = 0
        self.gaps = 0

    def take_in(self, message: Message) -> None:
        """Take in a message as a client does; one that does not follow on the last makes it ask again for the whole."""
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
                self.socket.say(EVERYTHING)

    def await_that(self, condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
        """Take in messages until the condition holds; fails, naming what was awaited, when it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"Not within {seconds} seconds: {what}."
            self.take_in(self.socket.hear())


@contextmanager
def watching(sender: Sender) -> Iterator[Picture]:
    """Open a socket and subscribe to everything."""
    with LiveSocket.of(sender) as socket:
        picture = Picture(socket)
        socket.say(EVERYTHING)
        picture.await_that(lambda: picture.sequence > 0, "a snapshot")
        yield picture
