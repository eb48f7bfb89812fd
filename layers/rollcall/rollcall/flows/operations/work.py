"""The engine that works on operations, chunk by chunk.

An operation is a row in the database and one message in a queue. A message is a worker's turn, for any organisation
(flows.operations.take_turns). The worker takes a lease on the row and does chunks for a while. If a worker is killed,
SQS delivers its message again, its lease ends, and the next worker continues from the cursor.

To plug in a kind of operation, write a `Step` and register it in edge.wiring.operations.worker:

    def step(operation: Operation, chunk: Chunk) -> StepResult:
        # Work from operation.cursor (None at first) on, for at most chunk.units_max units (None: the step chooses).
        # Keep it within a few seconds: the lease lasts for chunk.lease_seconds from the last chunk on.
        return StepResult(counts={"done": 10, "failed": 1}, cursor={"key": last}, is_done=False, units=11)

- `counts` are added to those of the operation. `total` and `done` show progress: return `total` with the first
  chunk (operation.cursor is None) if it is known.
- `units` are what the rate cap counts: learners, messages, objects.
- The engine notes the result with the step number as compare-and-swap. A step that does IO elsewhere (SQS, S3) may be
  killed between its IO and that note, and is then done again from the same cursor, so it has to be idempotent.
- A step that works in the database does so in the transaction that notes the result: it calls a procedure that ends
  with advance_operation_v1, and returns `RecordedStep(operation, units)` with the answer. It is never done twice.
- With operation.is_dry_run a step counts the same and changes nothing.
- A step may raise Unavailable (StoreUnavailable, QueueUnavailable, ...): the engine tries again later, without a limit.
  Any other exception counts as a fault. After FAULTS_MAX faults in a row the operation fails, with the error's code,
  never with its text.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Protocol
from uuid import UUID

from pydantic import ValidationError

from rollcall.contracts.operations import Operation, OperationMessage
from rollcall.errors import PoisonedMessage, RollcallError, Unavailable

LEASE_SECONDS = 30
SLICE_SECONDS = 20  # how long one invocation works on an operation, unless another organisation waits
HOLD_SECONDS = (
    45  # how long a message is hidden while it is result on: outlasts the slice and the lease of a killed worker
)
LOOK_SECONDS = 1  # between two checks whether another organisation waits
RETRY_SECONDS = 15  # after an outage or an unforeseen fault
BUSY_SECONDS = 10  # while another worker has the lease
FAULTS_MAX = 5
RECEIVES_MAX = 900  # SQS allows a thousand receives: before that a fresh message takes over


@dataclass(frozen=True)
class Chunk:
    """The limits of a step: at most so many units (None: the step chooses), under this lease."""

    units_max: int | None
    lease_id: UUID
    lease_seconds: float


@dataclass(frozen=True)
class StepResult:
    """The result of a chunk: counts to add, the next cursor, whether the operation is done, units for the rate cap."""

    counts: Mapping[str, int]
    cursor: Mapping[str, Any] | None
    is_done: bool
    units: int


@dataclass(frozen=True)
class RecordedStep:
    """A chunk whose procedure noted it: the operation afterwards (None: the lease was lost), units for the rate cap."""

    operation: Operation | None
    units: int


Step = Callable[[Operation, Chunk], StepResult | RecordedStep]


class OperationStore(Protocol):
    """The store of operations; raises StoreUnavailable."""

    def lease(self, org_id: UUID, operation_id: UUID, lease_seconds: float) -> tuple[Operation | None, UUID | None]:
        """Lease an operation. Without a lease the worker has nothing to do now."""

    def advance(
        self,
        operation: Operation,
        lease_id: UUID,
        lease_seconds: float,
        cursor: Mapping[str, Any] | None,
        counts: Mapping[str, int],
        *,
        is_done: bool,
    ) -> Operation | None:
        """Note that a chunk is done; None when the lease was lost."""

    def release(
        self,
        operation: Operation,
        lease_id: UUID,
        error_code: str | None = None,
        faults_max: int = 1,
        rest_seconds: float = 0,
    ) -> Operation | None:
        """Release an operation for so many seconds. An error code counts a fault."""

    def is_turn_over(self, org_id: UUID) -> bool:
        """Return whether another organisation waits for a worker."""


@dataclass(frozen=True)
class SliceResult:
    """The result of a slice: when SQS should deliver its message again (None: never, it is finished), and log fields.

    `fault` is the name of the type of an error that ended the slice.
    """

    operation: Operation | None
    again_in_seconds: int | None
    chunks: int = 0
    fault: str | None = None


def by_source(steps: Mapping[str, Step]) -> Step:
    """Return the step of a kind that has a step for each source."""

    def step(operation: Operation, chunk: Chunk) -> StepResult | RecordedStep:
        return steps[operation.source](operation, chunk)

    return step


def read_message(body: str) -> OperationMessage:
    """Read a message of the queue; raises PoisonedMessage."""
    try:
        return OperationMessage.model_validate_json(body)
    except ValidationError as invalid:
        raise PoisonedMessage(f"{invalid.error_count()} faults in an operation's message.") from None


@dataclass(frozen=True)
class OperationWorker:
    """The engine, with a step for each kind and its IO. `monotonic` and `sleep` are in seconds."""

    store: OperationStore
    steps: Mapping[str, Step]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    slice_seconds: float = SLICE_SECONDS

    def work(self, message: OperationMessage, seconds: float | None = None) -> SliceResult:
        """Work on an operation for at most a slice of time. A fault becomes part of the result; this never raises."""
        try:
            operation, lease_id = self.store.lease(message.org_id, message.operation_id, LEASE_SECONDS)
        except Unavailable as away:
            return SliceResult(None, RETRY_SECONDS, fault=type(away).__name__)
        if operation is None or operation.is_finished:
            return SliceResult(operation, None)
        if lease_id is None:
            return SliceResult(operation, BUSY_SECONDS)
        started_at = self.monotonic()
        ends_at = started_at + (self.slice_seconds if seconds is None else seconds)
        return _Slice(self, lease_id, ends_at, started_at).work(operation)


@dataclass
class _Slice:
    """One invocation's share of an operation, under one lease."""

    engine: OperationWorker
    lease_id: UUID
    ends_at: float
    looked_at: float
    chunks: int = 0

    def work(self, operation: Operation) -> SliceResult:
        try:
            while True:
                started_at = self.engine.monotonic()
                latest, units = self._do_chunk(operation)
                if latest is None:
                    return SliceResult(operation, BUSY_SECONDS, self.chunks)
                operation, self.chunks = latest, self.chunks + 1
                if operation.is_finished:
                    return SliceResult(operation, None, self.chunks)
                pause = self._pause_after(operation, units, started_at)
                if self.engine.monotonic() + pause >= self.ends_at or self._is_turn_over(operation):
                    return self._release(operation, ceil(pause))
                self.engine.sleep(pause)
        except Unavailable as away:
            return self._release(operation, RETRY_SECONDS, fault=type(away).__name__)
        except Exception as fault:  # noqa: BLE001 - any fault of a step ends the slice; its text could quote content
            code = fault.code if isinstance(fault, RollcallError) else RollcallError.code
            return self._release(operation, RETRY_SECONDS, code, type(fault).__name__)

    def _do_chunk(self, operation: Operation) -> tuple[Operation | None, int]:
        rate = operation.rate_per_second
        chunk = Chunk(max(1, int(rate)) if rate else None, self.lease_id, LEASE_SECONDS)
        done = self.engine.steps[operation.kind](operation, chunk)
        if isinstance(done, RecordedStep):
            return done.operation, done.units
        latest = self.engine.store.advance(
            operation, self.lease_id, LEASE_SECONDS, done.cursor, done.counts, is_done=done.is_done
        )
        return latest, done.units

    def _pause_after(self, operation: Operation, units: int, started_at: float) -> float:
        if operation.rate_per_second is None:
            return 0
        return max(0, units / operation.rate_per_second - (self.engine.monotonic() - started_at))

    def _is_turn_over(self, operation: Operation) -> bool:
        """Ask now and then whether another organisation waits: it should wait for a chunk, not for a slice."""
        if self.engine.monotonic() - self.looked_at < LOOK_SECONDS:
            return False
        self.looked_at = self.engine.monotonic()
        return self.engine.store.is_turn_over(operation.org_id)

    def _release(
        self, operation: Operation, seconds: int, code: str | None = None, fault: str | None = None
    ) -> SliceResult:
        try:
            latest = self.engine.store.release(operation, self.lease_id, code, FAULTS_MAX, seconds)
        except Unavailable:
            # The lease ends by itself. A worker that comes earlier waits for its end.
            latest = None
        finished = latest is not None and latest.is_finished
        return SliceResult(latest or operation, None if finished else seconds, self.chunks, fault)
