"""Pushes messages to the sockets that subscribed to them, a page of connections at a time."""

from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from rollcall.contracts.sockets.connection import Push
from rollcall.edge.runtime import clock, observe
from rollcall.edge.triggers import sqs
from rollcall.edge.triggers.sqs import Record
from rollcall.edge.wiring.sockets import push as wiring_push
from rollcall.errors import PoisonedMessage

LATE = timedelta(seconds=60)


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer SQS. A socket that fails does not bring the message back: its client detects the gap and asks again."""
    return sqs.settle(event, _is_pushed)


def _is_pushed(record: Record) -> bool:
    push = _read(record["body"])
    if clock.now() - push.sent_at > LATE:
        # A stale push would look current. Clients detect the gap by the next sequence number.
        observe.count(pushes_late=1)
        return True
    pushed = wiring_push.push_page().push(push)
    observe.count(**{f"sockets_{outcome}": number for outcome, number in pushed.counts.items()})
    observe.measure("push_ms", 1000 * (clock.now() - push.sent_at).total_seconds())
    fields: dict[str, Any] = {"type": push.type, "sequence": push.sequence, "page_after": push.after is not None}
    observe.logger().info("pushed", extra=fields | {**pushed.counts})
    if not pushed.is_handed_on:
        observe.count(pages_lost=1)
        observe.logger().error("not handed on", extra={"sequence": push.sequence, "code": "queue_unavailable"})
    return True


def _read(body: str) -> Push:
    try:
        return Push.model_validate_json(body)
    except ValidationError as invalid:
        # `from None`: the text of the cause quotes the message.
        raise PoisonedMessage(f"{invalid.error_count()} faults in a push.") from None
