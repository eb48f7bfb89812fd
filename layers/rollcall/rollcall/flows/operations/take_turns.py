"""Take turns: which operation a worker does, so that no organisation waits for all that another one asked for.

Each operation has a message in the queue, and a message is one turn of a worker, not one operation's own: what is done
in it, the database chooses (choose_operation_v1) - the organisation with the fewest operations at work, then the one
that was served the longest ago, then its operation that waits the longest. So the order of the queue does not matter.

A worker that has time left takes another turn. Its message goes when nothing waits any more, and comes back otherwise:
there is a message as long as an operation waits, since each operation brought one and none leaves before that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Protocol
from uuid import UUID

from rollcall.contracts.operations import OperationMessage
from rollcall.errors import Unavailable
from rollcall.flows.operations.work import RETRY_SECONDS, SLICE_SECONDS, Worked

LEASES_MAX = 3  # an organisation's at work at once: of the function's four, one is left for the others
HELD_SECONDS = 5  # what was chosen is set aside: the lease follows at once
AGAIN_MAX_SECONDS = 60


class TurnStore(Protocol):
    """Knows whose turn it is; raises StoreUnavailable."""

    def choose(
        self, org_id: UUID, leases_max: int, held_seconds: float
    ) -> tuple[OperationMessage | None, float | None]:
        """Return whose turn it is, or in how many seconds to ask again; None: nothing waits."""


@dataclass(frozen=True)
class TakeTurns:
    """The flow, with the IO it was given. `work` does an operation for at most so many seconds."""

    store: TurnStore
    work: Callable[[OperationMessage, float], Worked]
    monotonic: Callable[[], float]

    def turns(self, message: OperationMessage) -> Iterator[Worked]:
        """Yield what came of each turn; the last one says when the message is to be received again."""
        ends_at = self.monotonic() + SLICE_SECONDS
        while (left := ends_at - self.monotonic()) > 0:
            try:
                chosen, again_seconds = self.store.choose(message.org_id, LEASES_MAX, HELD_SECONDS)
            except Unavailable as away:
                yield Worked(None, RETRY_SECONDS, fault=type(away).__name__)
                return
            if chosen is None:
                yield Worked(
                    None, None if again_seconds is None else min(AGAIN_MAX_SECONDS, max(1, ceil(again_seconds)))
                )
                return
            worked = self.work(chosen, left)
            # More may wait: the next one sees, in this turn or in another.
            yield Worked(worked.operation, 0, worked.chunks, worked.fault)
