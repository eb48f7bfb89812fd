"""Sockets of the deployed stack, as a client has them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

from tests.e2e.people import Event, Sender

TICKETS = "/api/socket/tickets"
TIMEOUT_SECONDS = 60  # a function may start cold beside all that else starts here
CREATED = 201

Message = dict[str, Any]


@dataclass(frozen=True)
class LiveSocket:
    """An open socket of a sender."""

    sender: Sender
    connection: ClientConnection

    @classmethod
    @contextmanager
    def of(cls, sender: Sender, **options: Any) -> Iterator[Self]:
        """Open a socket with a ticket of this sender."""
        with open_socket(ticket_of(sender), **options) as connection:
            yield cls(sender, connection)

    def say(self, message: Any) -> None:
        """Send a message, whatever it is, and note its events' texts: nothing of them may be found in a log."""
        self.sender.sent.note(message.get("events") if isinstance(message, dict) else message)
        self.connection.send(message if isinstance(message, (str, bytes)) else json.dumps(message))

    def hear(self, is_wanted: Callable[[Message], bool] = lambda _message: True) -> Message:
        """Return the next message of those that are wanted."""
        while True:
            message: Message = json.loads(self.connection.recv(TIMEOUT_SECONDS))
            if is_wanted(message):
                return message

    def ask(self, message: Any) -> Message:
        """Send a message and return its answer: the next one that was not pushed."""
        self.say(message)
        return self.hear(lambda heard: heard["type"] not in {"health.delta", "heartbeat"})

    def subscribe(self, **members: Any) -> Message:
        """Subscribe."""
        return self.ask({"action": "subscribe", **members})

    def ping(self) -> Message:
        """Ask whether anybody is there."""
        return self.ask({"action": "ping"})

    def send(self, events: list[Event], batch_id: str = "batch-1") -> Message:
        """Send a batch of progress events."""
        return self.ask({"action": "progress.batch", "batch_id": batch_id, "events": events})


def ticket_of(sender: Sender) -> Message:
    """Return a new ticket of a sender."""
    response = sender.post(TICKETS)
    assert response.status_code == CREATED, response.text
    ticket: Message = response.json()
    sender.sent.note(ticket["ticket"])
    return ticket


@contextmanager
def open_socket(ticket: Message, **options: Any) -> Iterator[ClientConnection]:
    """Open a socket with a ticket; raises websockets.exceptions.InvalidStatus when it is refused."""
    with connect(f"{ticket['url']}?ticket={ticket['ticket']}", open_timeout=TIMEOUT_SECONDS, **options) as connection:
        yield connection
