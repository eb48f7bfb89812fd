"""One way for batches of SQS messages: each message is settled by itself, and SQS delivers the others again."""

from collections.abc import Callable, Iterable
from typing import Any

Record = dict[str, Any]


def settle(event: dict[str, Any], is_settled: Callable[[Record], bool]) -> dict[str, Any]:
    """Offer each message of an event in order; return the answer that names those which are not settled.

    An exception fails the invocation: Lambda counts it as an error, and SQS delivers every message of the event again.
    So a consumer of larger batches catches what one message causes.
    """
    return deliver_again(record["messageId"] for record in event["Records"] if not is_settled(record))


def deliver_again(message_ids: Iterable[str]) -> dict[str, Any]:
    """Return the answer with which SQS delivers these messages again, and deletes the others of the event."""
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in message_ids]}
