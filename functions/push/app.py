"""Sends to sockets what they subscribed to, a page of connections at a time."""

from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from rollcall.contracts.sockets.connection import Push
from rollcall.edge.runtime import clock, observe
from rollcall.edge.wiring.sockets import push as wiring_push
from rollcall.errors import PoisonedMessage

LATE = timedelta(seconds=60)


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer SQS. No message comes back because of some sockets: who missed it notices the gap and asks again."""
    for record in event["Records"]:
        push = _read(record["body"])
        if clock.now() - push.sent_at > LATE:
            # It would pass for news. Whoever missed it notices the gap with the next one.
            observe.count(pushes_late=1)
            continue
        pushed = wiring_push.push_page().push(push)
        observe.count(**{f"sockets_{outcome}": number for outcome, number in pushed.counts.items()})
        observe.measure("push_ms", 1000 * (clock.now() - push.sent_at).total_seconds())
        told: dict[str, Any] = {"type": push.type, "sequence": push.sequence, "page_after": push.after is not None}
        observe.logger().info("pushed", extra=told | {**pushed.counts})
        if not pushed.is_handed_on:
            observe.count(pages_lost=1)
            observe.logger().error("not handed on", extra={"sequence": push.sequence, "code": "queue_unavailable"})
    return {"batchItemFailures": []}


def _read(body: str) -> Push:
    try:
        return Push.model_validate_json(body)
    except ValidationError as invalid:
        # Not chained: its text quotes the message.
        raise PoisonedMessage(f"{invalid.error_count()} faults in a push.") from None
