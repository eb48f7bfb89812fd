"""Message attributes: read from SQS records, and passed on when a message fails or is stored."""

from collections import Counter
from datetime import UTC, datetime

from rollcall.contracts.dead_letters.letter import MessageAttributes
from rollcall.domain.dead_letters import letters
from rollcall.edge.runtime import observe
from rollcall.edge.triggers.sqs import Record
from rollcall.edge.wiring import dead_letters as wiring_dead_letters
from rollcall.flows.ingest.isolate import UnfitEvent


def of_record(record: Record) -> MessageAttributes:
    """Return the attributes of a message, from a record of an SQS event."""
    attributes = record.get("messageAttributes") or {}
    return MessageAttributes.read({name: attribute.get("stringValue") or "" for name, attribute in attributes.items()})


def receive_count(record: Record) -> int:
    """Return how often its queue has delivered a message."""
    return int(record["attributes"]["ApproximateReceiveCount"])


def first_received_at(record: Record) -> datetime:
    """Return when its queue delivered a message for the first time."""
    return datetime.fromtimestamp(int(record["attributes"]["ApproximateFirstReceiveTimestamp"]) / 1000, UTC)


def of_failed(record: Record, error_code: str) -> MessageAttributes:
    """Return the attributes of a message that becomes a dead letter: those it has, and how it failed."""
    attributes = of_record(record)
    return attributes.model_copy(
        update={
            "error_code": error_code,
            "message_id": record["messageId"],
            "receive_count": receive_count(record),
            "first_failed_at": attributes.first_failed_at or first_received_at(record),
        }
    )


def of_unfit(record: Record, unfit: UnfitEvent, number: int | None) -> MessageAttributes:
    """Return the attributes of a failed part of a message: its organisation, and an id if there are several parts."""
    attributes = of_failed(record, unfit.fault.code)
    source_id = attributes.message_id if number is None else f"{attributes.message_id}/{number}"
    return attributes.model_copy(update={"message_id": source_id, "org_id": unfit.org_id})


def resolve(queue: str, record: Record, counts: Counter[str]) -> None:
    """Note in the ledger that a redriven message was stored. Never raises, since the events are stored already."""
    attributes = of_record(record)
    if attributes.dead_letter_id is None or attributes.org_id is None:
        return
    code = "stored_in_part" if counts["rejected"] else "stored"
    resolution_id = letters.resolution_id(queue, record["messageId"])
    try:
        wiring_dead_letters.failure_store().resolve_dead_letter(
            attributes.org_id, attributes.dead_letter_id, resolution_id, attributes.operation_id, code
        )
    except Exception as fault:  # noqa: BLE001 - a message that was stored must not be received again for this
        observe.logger().warning("not resolved", extra={"fault": type(fault).__name__})
