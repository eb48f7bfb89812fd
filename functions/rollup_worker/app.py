"""Consumer of the rollup queue: folds an organisation's events, and gives its message back while events are left."""

import time
from contextlib import suppress
from typing import Any

from rollcall.edge.runtime import observe, settings
from rollcall.edge.triggers import sqs
from rollcall.edge.triggers.sqs import Record
from rollcall.edge.wiring import environment
from rollcall.edge.wiring import rollups as wiring_rollups
from rollcall.errors import PoisonedMessage, QueueUnavailable
from rollcall.flows import rollups

MILLISECONDS_PER_SECOND = 1000


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer SQS with the messages of organisations that have events left; SQS deletes the others."""
    return sqs.settle(event, _is_done)


def _is_done(record: Record) -> bool:
    try:
        message = rollups.read_message(record["body"])
    except PoisonedMessage as poison:
        return _send_to_dead_letters(record, poison)
    # If this worker dies, SQS delivers the message again after HOLD_SECONDS, not after the queue's longer timeout.
    _give_back(record, rollups.HOLD_SECONDS)
    sent_at = int(record["attributes"]["SentTimestamp"]) / MILLISECONDS_PER_SECOND
    result = wiring_rollups.rollup().work(message, time.time() - sent_at)
    _log(result)
    if result.again_in_seconds is None:
        return True
    _give_back(record, result.again_in_seconds)
    return False


def _log(result: rollups.SliceResult) -> None:
    observe.count(
        rollup_events=result.event_count,
        rollup_faults=int(result.fault is not None),
        rollup_refused=int(result.outcome == "foreign"),
    )
    fields = {
        "outcome": result.outcome,
        "events": result.event_count,
        "days": result.rebuilt_days,
        "fault": result.fault,
    }
    observe.logger().info("rollup", extra=fields)


def _give_back(record: Record, seconds: int) -> None:
    # Without this call the message comes back too, a little later.
    with suppress(QueueUnavailable):
        environment.queues().give_back(settings.current().need("rollup_queue_url"), record["receiptHandle"], seconds)


def _send_to_dead_letters(record: Record, poison: PoisonedMessage) -> bool:
    environment.queues().send(
        settings.current().need("rollup_dead_letter_queue_url"), record["body"], {"cause": poison.code}
    )
    observe.count(buried=1)
    observe.logger().error("buried", extra={"message_id": record["messageId"], "code": poison.code})
    return True
