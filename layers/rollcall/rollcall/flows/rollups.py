"""Rollup: find organisations with new events, and fold these in, one worker an organisation at a time.

The dispatcher gives an organisation a ticket and sends one message with it; the worker folds chunks for a while and
gives the same message back for as long as events keep coming, so that no tick of the schedule and no delivery makes two
of one. A message whose ticket is not the organisation's any more is done with. Lost messages heal: tickets expire.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from pydantic import ValidationError

from rollcall.contracts.operations import Operation
from rollcall.contracts.rollups import SOURCES, Folded, Outcome, RollupMessage, Source
from rollcall.errors import PoisonedMessage, Unavailable
from rollcall.flows.operations.work import Advanced, Chunk, StepResult

CHUNK_EVENTS = 5_000
SLICE_SECONDS = 10  # then another organisation's message has its turn
HOLD_SECONDS = 60  # how long a message is hidden while it is worked on: outlasts the slice and a chunk
TICKET_SECONDS = 300  # renewed by each chunk; after that long without one, the dispatcher gives out another
LINGER_SECONDS = 3  # until an organisation whose events keep coming is looked at again
BUSY_SECONDS = 10  # while somebody rebuilds, or another delivery of the message works
RETRY_SECONDS = 15  # after something was away
MESSAGE_SECONDS_MAX = (
    900  # an older message ends, and the dispatcher makes a fresh one: before SQS counts to a thousand
)
DISPATCH_MAX = 1_000  # organisations a minute: the oldest tickets first
REBASE_EVENTS = 20_000  # that a call settles, in about a second
REBASE_SECONDS_LEFT = 25  # of the function's, for one more call


class RollupStore(Protocol):
    """Folds events into rollups; raises StoreUnavailable."""

    def backlog(self, ticket_seconds: float, limit: int) -> list[RollupMessage]:
        """Give tickets to organisations that have something to fold and none."""

    def fold_events(
        self, org_id: UUID, source: Source, ticket_id: UUID | None, ticket_seconds: float, events_max: int
    ) -> Folded:
        """Fold the next events of a source."""

    def rebuild_stale_day(self, message: RollupMessage, ticket_seconds: float) -> tuple[Outcome, date | None]:
        """Compute a day again whose stored events were changed."""

    def release(self, message: RollupMessage) -> None:
        """Give a ticket back."""

    def rebase(self, events_max: int) -> int | None:
        """Do a part of what a restore into another cluster makes necessary; None when nothing is left."""

    def rebuild_chunk(self, operation: Operation, lease_id: UUID, lease_seconds: float) -> Operation | None:
        """Compute the next day of a rebuild."""


@dataclass(frozen=True)
class Worked:
    """What came of a slice: when to receive its message again (None: never), and what to tell."""

    outcome: Outcome | None
    again_in_seconds: int | None
    event_count: int = 0
    rebuilt_days: int = 0
    fault: str | None = None


def dispatch(store: RollupStore, send: Callable[[str], object], limit: int = DISPATCH_MAX) -> int:
    """Send a message for each organisation that has something to fold and no ticket; return how many."""
    messages = store.backlog(TICKET_SECONDS, limit)
    for message in messages:
        send(message.model_dump_json())
    return len(messages)


def rebase(store: RollupStore, remaining_seconds: Callable[[], float]) -> int:
    """Make offsets of another cluster those of this one, as far as the time goes; return how many events were settled.

    Almost always there are none. Until it is through nothing is folded, and nothing lost.
    """
    settled = 0
    while remaining_seconds() > REBASE_SECONDS_LEFT and (count := store.rebase(REBASE_EVENTS)) is not None:
        settled += count
    return settled


def read_message(body: str) -> RollupMessage:
    """Read a message of the queue; raises PoisonedMessage."""
    try:
        return RollupMessage.model_validate_json(body)
    except ValidationError as invalid:
        raise PoisonedMessage(f"{invalid.error_count()} faults in a message of rollups.") from None


@dataclass(frozen=True)
class Rollup:
    """The worker, with the IO it was given. `monotonic` is in seconds."""

    store: RollupStore
    monotonic: Callable[[], float]
    slice_seconds: float = SLICE_SECONDS
    chunk_events: int = CHUNK_EVENTS

    def work(self, message: RollupMessage, age_seconds: float) -> Worked:
        """Fold an organisation's events for a slice of time. Never raises for what is away."""
        try:
            return self._work(message, age_seconds)
        except Unavailable as away:
            return Worked(None, RETRY_SECONDS, fault=type(away).__name__)

    def _work(self, message: RollupMessage, age_seconds: float) -> Worked:
        ends_at = self.monotonic() + self.slice_seconds
        events, days, is_behind = 0, 0, True
        outcome: Outcome = "folded"
        while is_behind and self.monotonic() < ends_at:
            outcome, chunk_events, is_behind = self._fold_each(message)
            events += chunk_events
            if outcome == "folded":
                outcome, day = self.store.rebuild_stale_day(message, TICKET_SECONDS)
                days, is_behind = days + (day is not None), is_behind or day is not None
            if outcome == "superseded":
                return Worked(outcome, None, events, days)
            if outcome == "busy":
                return Worked(outcome, BUSY_SECONDS, events, days)
            if outcome == "foreign":
                break
        return self._end(message, Worked(outcome, 0 if is_behind else LINGER_SECONDS, events, days), age_seconds)

    def _fold_each(self, message: RollupMessage) -> tuple[Outcome, int, bool]:
        """Fold a chunk of each source; return the outcome, how many events, and whether there are more."""
        folded = [
            self.store.fold_events(message.org_id, source, message.ticket_id, TICKET_SECONDS, self.chunk_events)
            for source in SOURCES
        ]
        counts = [chunk.event_count for chunk in folded]
        outcome = next((chunk.outcome for chunk in folded if chunk.outcome != "folded"), folded[0].outcome)
        return outcome, sum(counts), max(counts) >= self.chunk_events

    def _end(self, message: RollupMessage, worked: Worked, age_seconds: float) -> Worked:
        """Give the message back while events keep coming; end it when they do not, or when it is old."""
        did_anything = worked.outcome == "folded" and (worked.event_count or worked.rebuilt_days)
        if did_anything and age_seconds < MESSAGE_SECONDS_MAX:
            return worked
        self.store.release(message)
        return Worked(worked.outcome, None, worked.event_count, worked.rebuilt_days)


@dataclass(frozen=True)
class RebuildRollups:
    """The step of operations of the kind `rollup`: a chunk is a day, computed again from its events.

    It notes itself: the procedure ends with advance_operation_v1.
    """

    store: RollupStore

    def __call__(self, operation: Operation, chunk: Chunk) -> StepResult | Advanced:
        """Compute the next day of the operation's window again."""
        return Advanced(self.store.rebuild_chunk(operation, chunk.lease_id, chunk.lease_seconds), units=1)
