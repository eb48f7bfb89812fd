"""Consumer of the spool and analytics queues: stores each waiting batch once."""

from collections.abc import Callable
from typing import Any

from rollcall.contracts.dead_letters.letter import MessageAttributes
from rollcall.edge.runtime import observe, settings
from rollcall.edge.triggers import message_attributes, sqs
from rollcall.edge.triggers.sqs import Record
from rollcall.edge.wiring import environment
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.errors import RollcallError, StoreUnavailable
from rollcall.flows.ingest import archive, isolate, load
from rollcall.flows.ingest.load import LoadResult


class MessageLoader:
    """One invocation, over messages of one queue. `store` stores a message and returns the result, or raises."""

    def __init__(self, queue: str, store: Callable[[Record], LoadResult]) -> None:
        current = settings.current()
        self._queue = queue
        self._store = store
        self._queue_url = current.need(f"{queue}_queue_url")
        self._dead_letter_queue_url = current.need(f"{queue}_dead_letter_queue_url")

    def is_loaded(self, record: Record) -> bool:
        """Store one message's batch, and return whether the message may leave the queue."""
        receives = message_attributes.receive_count(record)
        message = load.Message(
            receives,
            lambda: self._give_back(record, receives),
            lambda poison: self._send_to_dead_letters(
                record, record["body"], message_attributes.of_failed(record, poison.code)
            ),
            lambda loaded: self._send_unfit(record, loaded),
        )
        try:
            loaded = load.settle(message, lambda: self._store(record))
        except Exception as fault:  # noqa: BLE001 - a fault of one message must not bring the others back
            # Log its type only: its text may quote the message.
            observe.count(load_failed=1)
            observe.logger().error(
                "not loaded", extra={"message_id": record["messageId"], "fault": type(fault).__name__}
            )
            return False
        if loaded is None:
            return False
        counts = loaded.counts
        observe.count(**{f"loaded_{status}": number for status, number in counts.items()})
        observe.logger().info("loaded", extra={"message_id": record["messageId"], "counts": dict(counts)})
        if counts and not loaded.unfit:  # a message that became a dead letter has no counts, or events left to store
            message_attributes.resolve(self._queue, record, counts)
        return True

    def _give_back(self, record: Record, receives: int) -> None:
        observe.count(load_retry=1)
        observe.logger().info("given back", extra={"message_id": record["messageId"], "receives": receives})
        seconds = load.retry_delay_seconds(receives)
        environment.queues().give_back(self._queue_url, record["receiptHandle"], seconds)

    def _send_to_dead_letters(self, record: Record, body: str, attributes: MessageAttributes) -> None:
        environment.queues().send(self._dead_letter_queue_url, body, attributes.as_strings())
        observe.count(buried=1)
        observe.logger().error("buried", extra={"message_id": record["messageId"], "code": attributes.error_code})

    def _send_unfit(self, record: Record, loaded: LoadResult) -> None:
        """Send events that cannot be stored to the dead-letter queue, one message for each event.

        Where no event of the message was stored, they stay together, one message for each organisation.
        A redriven message stays one message: it updates the dead letter that it came from.
        """
        unfit, is_redriven = loaded.unfit, message_attributes.of_record(record).dead_letter_id is not None
        if is_redriven:
            attributes = message_attributes.of_failed(record, unfit[0].fault.code)
            self._send_to_dead_letters(record, isolate.body_of(unfit), attributes)
            return
        parts = [[event] for event in unfit] if loaded.counts else isolate.by_organisation(unfit)
        for number, events in enumerate(parts):
            attributes = message_attributes.of_unfit(record, events[0], None if len(parts) == 1 else number)
            self._send_to_dead_letters(record, isolate.body_of(events), attributes)


def load_spool() -> Callable[[Record], LoadResult]:
    """Return a function that stores a spooled batch. After a failure to connect, it does not try the store again."""
    away, archiving = False, MessageArchive()

    def store(record: Record) -> LoadResult:
        nonlocal away
        if away:
            raise StoreUnavailable
        try:
            loaded = load.load_spooled(record["body"], wiring_ingest.progress_store())
        except StoreUnavailable:
            away = True
            raise
        if loaded.kept is not None:
            archiving.keep(record["messageId"], loaded.kept)
        return loaded

    return store


class MessageArchive:
    """One invocation's archive: keeps stored batches for a replay. After a failure it does not try the bucket again."""

    def __init__(self) -> None:
        self._is_away = False

    def keep(self, message_id: str, message: str) -> None:
        """Archive one message's batch. The batch is stored already, so no fault may bring the message back."""
        try:
            if not self._is_away:
                archive.archive_spooled(message_id, message, wiring_operations.archive_objects().put)
                return
        except RollcallError as fault:
            self._is_away = True
            observe.logger().error("not archived", extra={"message_id": message_id, "code": fault.code})
        observe.count(archive_failed=1)


def load_analytics(records: list[Record]) -> Callable[[Record], LoadResult]:
    """Store all analytics batches of an invocation, and return a function that gives the result for each message."""
    messages = {record["messageId"]: record["body"] for record in records}
    results = load.load_analytics(messages, wiring_ingest.analytics_store())

    def result(record: Record) -> LoadResult:
        outcome = results[record["messageId"]]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return result


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer SQS with the messages that failed; SQS deletes the others. All records of an event come from one queue."""
    records = event["Records"]
    queue = str(records[0]["eventSourceARN"]).rpartition(":")[2]
    if settings.current().analytics_queue_url.endswith(f"/{queue}"):
        loading = MessageLoader("analytics", load_analytics(records))
    else:
        loading = MessageLoader("spool", load_spool())
    return sqs.settle(event, loading.is_loaded)
