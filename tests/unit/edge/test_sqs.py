"""Every consumer of a queue answers SQS in the same way."""

from typing import Any

import pytest
from rollcall.edge.triggers import sqs

EVENT = {"Records": [{"messageId": name} for name in ("m-1", "m-2", "m-3")]}


def test_messages_that_are_not_settled_are_named_in_their_order() -> None:
    """SQS deletes the others, and delivers these again."""
    seen: list[str] = []

    def is_settled(record: dict[str, Any]) -> bool:
        seen.append(record["messageId"])
        return seen[-1] == "m-2"

    assert sqs.settle(EVENT, is_settled) == {
        "batchItemFailures": [{"itemIdentifier": "m-1"}, {"itemIdentifier": "m-3"}]
    }
    assert seen == ["m-1", "m-2", "m-3"]


def test_an_exception_fails_the_invocation() -> None:
    """So that Lambda counts an error, and SQS delivers every message again."""

    def is_settled(_record: dict[str, Any]) -> bool:
        raise ValueError("unforeseen")

    with pytest.raises(ValueError, match="unforeseen"):
        sqs.settle(EVENT, is_settled)


def test_all_messages_may_leave_the_queue() -> None:
    """An empty list of failures, as SQS expects it."""
    assert sqs.deliver_again([]) == {"batchItemFailures": []}
