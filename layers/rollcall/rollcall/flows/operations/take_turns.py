"""Take turns: choose which operation a worker does, so that no organisation waits for all work of another one.

Each operation sends one message to the queue. A message is a turn of a worker, for any operation: the database chooses
which one (choose_operation_v1). It takes the organisation with the fewest running operations, then the one that was
served longest ago, then that organisation's longest waiting operation. The order of the queue does not matter.

A worker with time left takes another turn. Its message is deleted when no operation waits, else SQS delivers it again.
So the queue has a message as long as an operation waits.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Protocol
from uuid import UUID

from rollcall.contracts.operations import OperationMessage
from rollcall.errors import Unavailable
from rollcall.flows.operations.work import RETRY_SECONDS, SLICE_SECONDS, SliceResult

LEASES_MAX = 3  # of one organisation at once: one of the function's four workers is left for others
HELD_SECONDS = 5  # how long the choice reserves an operation: the lease follows at once
AGAIN_MAX_SECONDS = 60


class TurnStore(Protocol):
    """Chooses the next operation; raises StoreUnavailable."""

    def choose(
        self, org_id: UUID, leases_max: int, held_seconds: float
    ) -> tuple[OperationMessage | None, float | None]:
        """Return the next operation, or in how many seconds to ask again; None when no operation waits."""


@dataclass(frozen=True)
class TakeTurns:
    """The flow, with its IO. `work` works on an operation for at most the given seconds."""

    store: TurnStore
    work: Callable[[OperationMessage, float], SliceResult]
    monotonic: Callable[[], float]

    def turns(self, message: OperationMessage) -> Iterator[SliceResult]:
        """Yield the result of each turn. The last result has the time after which SQS delivers the message again."""
        ends_at = self.monotonic() + SLICE_SECONDS
        while (left := ends_at - self.monotonic()) > 0:
            try:
                chosen, again_seconds = self.store.choose(message.org_id, LEASES_MAX, HELD_SECONDS)
            except Unavailable as away:
                yield SliceResult(None, RETRY_SECONDS, fault=type(away).__name__)
                return
            if chosen is None:
                yield SliceResult(
                    None, None if again_seconds is None else min(AGAIN_MAX_SECONDS, max(1, ceil(again_seconds)))
                )
                return
            worked = self.work(chosen, left)
            # Other operations may wait: this worker or another one looks again.
            yield SliceResult(worked.operation, 0, worked.chunks, worked.fault)
