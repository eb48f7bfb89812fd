"""Rollup: find organisations with new events, and fold the events in, one worker for each organisation at a time.

The dispatcher gives an organisation a rollup token and sends one message with it. The worker folds chunks for a while,
and gives the same message back while events keep coming, so that neither the schedule nor a second delivery makes two
workers. A message with an older token ends. A lost message does no harm: its token expires.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from pydantic import ValidationError

from rollcall.contracts.operations import Operation
from rollcall.contracts.rollups import SOURCES, FoldResult, Outcome, RollupMessage, Source
from rollcall.errors import PoisonedMessage, Unavailable
from rollcall.flows.operations.work import Chunk, RecordedStep, StepResult

CHUNK_EVENTS = 5_000
SLICE_SECONDS = 10  # then another organisation has its turn
HOLD_SECONDS = 60  # how long a message is hidden while it is result on: outlasts the slice and a chunk
TOKEN_SECONDS = 300  # renewed by each chunk; without a chunk for so long, the dispatcher gives out another token
LINGER_SECONDS = 3  # pause before the next look at an organisation whose events keep coming
BUSY_SECONDS = 10  # while a rebuild, or another delivery of the message, is at work
RETRY_SECONDS = 15  # after an outage
MESSAGE_SECONDS_MAX = (
    900  # an older message ends before SQS's limit of a thousand receives; the dispatcher sends a fresh one
)
DISPATCH_MAX = 1_000  # organisations for each run, oldest tokens first
REBASE_EVENTS = 20_000  # settled by one call, in about a second
REBASE_SECONDS_LEFT = 25  # of the function's time, needed for one more call


class RollupStore(Protocol):
    """Folds events into rollups; raises StoreUnavailable."""

    def backlog(self, token_seconds: float, limit: int) -> list[RollupMessage]:
        """Give rollup tokens to organisations with events to fold and no token."""

    def fold_events(
        self, org_id: UUID, source: Source, ticket_id: UUID | None, token_seconds: float, events_max: int
    ) -> FoldResult:
        """Fold the next events of a source."""

    def rebuild_stale_day(self, message: RollupMessage, token_seconds: float) -> tuple[Outcome, date | None]:
        """Compute a stale day again."""

    def release(self, message: RollupMessage) -> None:
        """Give a rollup token back."""

    def rebase(self, events_max: int) -> int | None:
        """Rebase some events after a restore into another cluster; return how many, or None when none is left."""

    def rebuild_chunk(self, operation: Operation, lease_id: UUID, lease_seconds: float) -> Operation | None:
        """Compute the next day of a rebuild."""


@dataclass(frozen=True)
class SliceResult:
    """The result of a slice: when SQS should deliver its message again (None: never), and log fields."""

    outcome: Outcome | None
    again_in_seconds: int | None
    event_count: int = 0
    rebuilt_days: int = 0
    fault: str | None = None


def dispatch(store: RollupStore, send: Callable[[str], object], limit: int = DISPATCH_MAX) -> int:
    """Send a message for each organisation with events to fold and no rollup token; return how many."""
    messages = store.backlog(TOKEN_SECONDS, limit)
    for message in messages:
        send(message.model_dump_json())
    return len(messages)


def rebase(store: RollupStore, remaining_seconds: Callable[[], float]) -> int:
    """Rebase offsets of another cluster, while there is time; return how many events were settled.

    Almost always there are none. Until the rebase is finished no event is folded, and none is lost.
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
    """The worker, with its IO. `monotonic` is in seconds."""

    store: RollupStore
    monotonic: Callable[[], float]
    slice_seconds: float = SLICE_SECONDS
    chunk_events: int = CHUNK_EVENTS

    def work(self, message: RollupMessage, age_seconds: float) -> SliceResult:
        """Fold an organisation's events for a slice of time. An outage becomes a result that asks for a retry."""
        try:
            return self._work(message, age_seconds)
        except Unavailable as away:
            return SliceResult(None, RETRY_SECONDS, fault=type(away).__name__)

    def _work(self, message: RollupMessage, age_seconds: float) -> SliceResult:
        ends_at = self.monotonic() + self.slice_seconds
        events, days, is_behind = 0, 0, True
        outcome: Outcome = "folded"
        while is_behind and self.monotonic() < ends_at:
            outcome, chunk_events, is_behind = self._fold_each(message)
            events += chunk_events
            if outcome == "folded":
                outcome, day = self.store.rebuild_stale_day(message, TOKEN_SECONDS)
                days, is_behind = days + (day is not None), is_behind or day is not None
            if outcome == "superseded":
                return SliceResult(outcome, None, events, days)
            if outcome == "busy":
                return SliceResult(outcome, BUSY_SECONDS, events, days)
            if outcome == "foreign":
                break
        return self._end(message, SliceResult(outcome, 0 if is_behind else LINGER_SECONDS, events, days), age_seconds)

    def _fold_each(self, message: RollupMessage) -> tuple[Outcome, int, bool]:
        """Fold a chunk of each source; return the outcome, how many events, and whether there are more."""
        folded = [
            self.store.fold_events(message.org_id, source, message.ticket_id, TOKEN_SECONDS, self.chunk_events)
            for source in SOURCES
        ]
        counts = [chunk.event_count for chunk in folded]
        outcome = next((chunk.outcome for chunk in folded if chunk.outcome != "folded"), folded[0].outcome)
        return outcome, sum(counts), max(counts) >= self.chunk_events

    def _end(self, message: RollupMessage, result: SliceResult, age_seconds: float) -> SliceResult:
        """Give the message back while events keep coming. End it when they stop, or when it is old."""
        did_anything = result.outcome == "folded" and (result.event_count or result.rebuilt_days)
        if did_anything and age_seconds < MESSAGE_SECONDS_MAX:
            return result
        self.store.release(message)
        return SliceResult(result.outcome, None, result.event_count, result.rebuilt_days)


@dataclass(frozen=True)
class RebuildRollups:
    """The step of operations of the kind `rollup`: a chunk is a day, computed again from its events.

    The procedure itself notes the chunk: it ends with advance_operation_v1.
    """

    store: RollupStore

    def __call__(self, operation: Operation, chunk: Chunk) -> StepResult | RecordedStep:
        """Compute the next day of the operation's window again."""
        return RecordedStep(self.store.rebuild_chunk(operation, chunk.lease_id, chunk.lease_seconds), units=1)
