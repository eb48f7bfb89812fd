"""Consumer of the dead-letter queues: records each dead letter, so that a person can read and redrive it."""

from contextlib import suppress
from typing import Any

from rollcall.contracts.dead_letters.letter import Failure
from rollcall.edge.runtime import observe, settings
from rollcall.edge.triggers import message_attributes, sqs
from rollcall.edge.triggers.sqs import Record
from rollcall.edge.wiring import dead_letters as wiring_dead_letters
from rollcall.edge.wiring import environment
from rollcall.errors import ConfigurationInvalid, QueueUnavailable, Unavailable
from rollcall.flows.dead_letters.record import DeadMessage
from rollcall.flows.ingest.load import retry_delay_seconds

# Names of the queues, as in the settings and in the ledger. A new queue needs its name here and its settings.
QUEUES = ("spool", "analytics")


def queue_of(record: Record) -> str:
    """Return the queue that a dead letter came from, by its dead-letter queue; raises ConfigurationInvalid."""
    found_in = "/" + str(record["eventSourceARN"]).rpartition(":")[2]
    for queue in QUEUES:
        if settings.current().need(f"{queue}_dead_letter_queue_url").endswith(found_in):
            return queue
    raise ConfigurationInvalid("The settings name no queue with this dead-letter queue.")


def read_message(queue: str, record: Record) -> DeadMessage:
    """Return an SQS record in the flow's own form."""
    return DeadMessage(
        queue=queue,
        message_id=record["messageId"],
        body=record["body"],
        attributes=message_attributes.of_record(record),
        receive_count=message_attributes.receive_count(record),
        first_received_at=message_attributes.first_received_at(record),
        was_moved="DeadLetterQueueSourceArn" in record["attributes"],
    )


class DeadLetterRecorder:
    """One invocation, over dead letters of one queue. After a timeout it does not try the same store again."""

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._away: Unavailable | None = None

    def is_recorded(self, record: Record) -> bool:
        """Record one message, and return whether it may leave the queue."""
        try:
            failures = self._record_message(read_message(self._queue, record))
        except Unavailable as away:
            self._give_back(record, away)
            return False
        except Exception as fault:  # noqa: BLE001 - a fault of one message must not bring the others back
            # Log its type only: its text may quote the message.
            observe.count(bury_failed=1)
            observe.logger().error(
                "not buried", extra={"message_id": record["messageId"], "fault": type(fault).__name__}
            )
            return False
        observe.count(buried=len(failures))
        for failure in failures:
            fields = {"dead_letter_id": str(failure.dead_letter_id), "cause": failure.cause, "code": failure.error_code}
            observe.logger().error("dead letter", extra={"queue": self._queue} | fields)
        return True

    def _record_message(self, message: DeadMessage) -> list[Failure]:
        if self._away is not None:
            raise self._away
        try:
            return wiring_dead_letters.record_dead_letters().record(message)
        except Unavailable as away:
            self._away = away
            raise

    def _give_back(self, record: Record, away: Unavailable) -> None:
        observe.count(bury_retry=1)
        observe.logger().warning("given back", extra={"message_id": record["messageId"], "code": away.code})
        url = settings.current().need(f"{self._queue}_dead_letter_queue_url")
        receives = message_attributes.receive_count(record)
        # Without this call the message comes back too, a little later.
        with suppress(QueueUnavailable):
            environment.queues().give_back(url, record["receiptHandle"], retry_delay_seconds(receives))


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer SQS with the messages to deliver again. All records of an event come from one queue."""
    queue = queue_of(event["Records"][0])
    observe.dimension("queue", queue)
    return sqs.settle(event, DeadLetterRecorder(queue).is_recorded)
