"""Consumer of the spool queue: stores the batches that were taken while the database was away."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from rollcall.edge import observe, settings, wiring
from rollcall.errors import PoisonedMessage, StoreUnavailable
from rollcall.flows import load

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def load_record(record: SQSRecord) -> None:
    """Store one message's batch; raises StoreUnavailable when it is to be received again."""
    receives = int(record.attributes.approximate_receive_count)
    counts = load.settle(
        store_message=lambda: load.load_spooled(record.body, wiring.progress_store()),
        give_back=lambda: wiring.queues().give_back(
            settings.current().need("spool_queue_url"),
            record.receipt_handle,
            load.retry_delay_seconds(receives),
        ),
        bury=lambda poison: _bury(record, poison),
    )
    if counts is None:
        observe.count(load_retry=1)
        observe.logger().info("store unavailable", extra={"message_id": record.message_id, "receives": receives})
        raise StoreUnavailable
    observe.count(**{f"loaded_{status}": number for status, number in counts.items()})
    observe.logger().info("loaded", extra={"message_id": record.message_id, "counts": dict(counts)})


def _bury(record: SQSRecord, poison: PoisonedMessage) -> None:
    wiring.queues().send(settings.current().need("spool_dead_letter_queue_url"), record.body, {"cause": poison.code})
    observe.count(buried=1)
    observe.logger().error("buried", extra={"message_id": record.message_id, "code": poison.code})


@observe.entry
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer SQS with the messages that failed, so that the others leave the queue."""
    return dict(process_partial_response(event, load_record, processor, context))
