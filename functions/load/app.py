"""Consumer of the spool queue: stores the batches that were taken while the database was away."""

from collections import Counter
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from rollcall.edge import observe, settings, wiring, wiring_operations
from rollcall.errors import PoisonedMessage, RollcallError, StoreUnavailable
from rollcall.flows import archive, load

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


class Loading:
    """One invocation. A store that was away is not asked again in it: ten tries could take longer than it may."""

    def __init__(self) -> None:
        self._store_away = False
        self._archiving = Archiving()

    def load_record(self, record: SQSRecord) -> None:
        """Store one message's batch; raises when it is to be received again."""
        try:
            counts = self._settle(record)
        except Exception as fault:
            # Powertools keeps it to itself. Its text could quote the message, so only its type is told.
            observe.count(load_failed=1)
            observe.logger().error("not loaded", extra={"message_id": record.message_id, "fault": type(fault).__name__})
            raise
        if counts is None:
            raise StoreUnavailable
        observe.count(**{f"loaded_{status}": number for status, number in counts.items()})
        observe.logger().info("loaded", extra={"message_id": record.message_id, "counts": dict(counts)})

    def _settle(self, record: SQSRecord) -> Counter[str] | None:
        return load.settle(
            store_message=lambda: self._store(record),
            give_back=lambda: _give_back(record),
            bury=lambda poison: _bury(record, poison),
        )

    def _store(self, record: SQSRecord) -> Counter[str]:
        if self._store_away:
            raise StoreUnavailable
        try:
            counts = load.load_spooled(record.body, wiring.progress_store())
        except StoreUnavailable:
            self._store_away = True
            raise
        self._archiving.keep(record)
        return counts


class Archiving:
    """One invocation's archive: keeps what was stored for a replay. A bucket that was away is not asked again in it."""

    def __init__(self) -> None:
        self._is_away = False

    def keep(self, record: SQSRecord) -> None:
        """Archive one message's batch. It is stored already, so no fault may bring the message back."""
        try:
            if not self._is_away:
                archive.archive_spooled(record.message_id, record.body, wiring_operations.archive_objects().put)
                return
        except RollcallError as fault:
            self._is_away = True
            observe.logger().error("not archived", extra={"message_id": record.message_id, "code": fault.code})
        observe.count(archive_failed=1)


def _give_back(record: SQSRecord) -> None:
    receives = int(record.attributes.approximate_receive_count)
    observe.count(load_retry=1)
    observe.logger().info("store unavailable", extra={"message_id": record.message_id, "receives": receives})
    seconds = load.retry_delay_seconds(receives)
    wiring.queues().give_back(settings.current().need("spool_queue_url"), record.receipt_handle, seconds)


def _bury(record: SQSRecord, poison: PoisonedMessage) -> None:
    wiring.queues().send(settings.current().need("spool_dead_letter_queue_url"), record.body, {"cause": poison.code})
    observe.count(buried=1)
    observe.logger().error("buried", extra={"message_id": record.message_id, "code": poison.code})


@observe.entry
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer SQS with the messages that failed, so that the others leave the queue."""
    return dict(process_partial_response(event, Loading().load_record, processor, context))
