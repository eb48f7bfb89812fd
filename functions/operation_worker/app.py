"""Consumer of the operations queue: works on operations in turns, and gives its message back until none waits."""

from contextlib import suppress
from typing import Any

from rollcall.edge.runtime import observe, settings
from rollcall.edge.triggers import sqs
from rollcall.edge.triggers.sqs import Record
from rollcall.edge.wiring import environment
from rollcall.edge.wiring.operations import worker as wiring_operation_worker
from rollcall.errors import PoisonedMessage, QueueUnavailable
from rollcall.flows.operations import work


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer SQS with the messages to deliver again; SQS deletes the others."""
    return sqs.settle(event, _is_finished)


def _is_finished(record: Record) -> bool:
    try:
        message = work.read_message(record["body"])
    except PoisonedMessage as poison:
        return _send_to_dead_letters(record, poison)
    # If this worker dies, SQS delivers the message again after HOLD_SECONDS, not after the queue's longer timeout.
    _give_back(record, work.HOLD_SECONDS)
    result = work.SliceResult(None, work.RETRY_SECONDS)
    for result in wiring_operation_worker.take_turns().turns(message):
        _log(result)
    if result.again_in_seconds is None:
        return True
    if int(record["attributes"]["ApproximateReceiveCount"]) >= work.RECEIVES_MAX and _send_anew(record):
        return True
    _give_back(record, result.again_in_seconds)
    return False


def _log(result: work.SliceResult) -> None:
    operation = result.operation
    fields: dict[str, Any] = {"chunks": result.chunks, "fault": result.fault}
    observe.count(operation_chunks=result.chunks, operation_faults=int(result.fault is not None))
    if operation is not None:
        observe.dimension("job", operation.kind)
        fields |= {
            "operation_id": str(operation.operation_id),
            "kind": operation.kind,
            "source": operation.source,
            "state": operation.state,
        }
        fields |= {"counts": operation.counts, "error_code": operation.error_code}
        if operation.is_finished and (result.chunks or result.fault):
            observe.count(**{f"operation_{operation.state}": 1})
            if operation.state == "failed":
                # Once more without a dimension: one alarm covers all kinds.
                observe.count_apart({}, operation_failed=1)
    observe.logger().info("operation", extra=fields)


def _give_back(record: Record, seconds: int) -> None:
    # Without this call the message comes back too, a little later.
    with suppress(QueueUnavailable):
        environment.queues().give_back(
            settings.current().need("operations_queue_url"), record["receiptHandle"], seconds
        )


def _send_anew(record: Record) -> bool:
    with suppress(QueueUnavailable):
        environment.queues().send(settings.current().need("operations_queue_url"), record["body"])
        return True
    return False


def _send_to_dead_letters(record: Record, poison: PoisonedMessage) -> bool:
    environment.queues().send(
        settings.current().need("operations_dead_letter_queue_url"), record["body"], {"cause": poison.code}
    )
    observe.count(buried=1)
    observe.logger().error("buried", extra={"message_id": record["messageId"], "code": poison.code})
    return True
