"""Answers socket messages: connect, subscribe, ping, and progress batches, acknowledged at once."""

from typing import Any

from rollcall.contracts.sockets.connection import Deadline
from rollcall.contracts.sockets.messages import Message, PingOrder, SubscribeOrder
from rollcall.edge.http.parse import model_of
from rollcall.edge.runtime import observe, settings
from rollcall.edge.triggers import socket_ingest
from rollcall.edge.triggers.socket import Actions, SocketEvent, guard
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.edge.wiring.sockets import tables as wiring_sockets

actions = Actions()


@actions.action("subscribe")
def subscribe(event: SocketEvent) -> Message:
    """Store this socket's subscription, and answer with the current health state."""
    order = model_of(event.document, SubscribeOrder)
    return wiring_sockets.subscribe().subscribe(event.connection_id, event.caller, order)


@actions.action("ping")
def ping(event: SocketEvent) -> Message:
    """Answer a ping with a pong."""
    model_of(event.document, PingOrder)
    return wiring_sockets.subscribe().ping()


@actions.action("progress.batch")
def post_batch(event: SocketEvent) -> Message:
    """Take a progress batch, and acknowledge it."""
    return socket_ingest.answer_batch(
        event, wiring_ingest.ingest(event.caller.role), settings.current().progress_batch_max_bytes
    )


def connect(event: SocketEvent) -> None:
    """Store when this socket's token expires, so that the socket is closed then, subscribed or not."""
    expires_at = event.caller.expires_at
    wiring_sockets.connections().open(Deadline(connection_id=event.connection_id, expires_at=expires_at))
    observe.logger().info("connected")


def disconnect(event: SocketEvent) -> None:
    """Remove this socket from the table."""
    wiring_sockets.connections().remove(event.connection_id, event.expires_at)
    observe.logger().info("disconnected")


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway's WebSocket API."""
    happened = SocketEvent(event)
    match happened.kind:
        case "CONNECT":
            return guard(lambda: connect(happened))
        case "DISCONNECT":
            return guard(lambda: disconnect(happened))
        case _:
            return actions.answer(happened)
