"""Assign: assign a course to many learners, once for each key. A large order continues as an operation."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.assignments import AssignmentOrder
from rollcall.contracts.operations import Operation, OperationMessage
from rollcall.errors import IdempotencyConflict
from rollcall.flows.operations.work import Chunk, RecordedStep, StepResult

AT_ONCE = 1_000  # learners that are assigned before the answer, within tens of milliseconds
CHUNK_LEARNERS = 1_000


class AssignmentStore(Protocol):
    """Stores orders of assignments, and carries them out; raises StoreUnavailable."""

    def request(
        self,
        org_id: UUID,
        operation_id: UUID,
        digests: tuple[bytes, bytes],
        parameters: Mapping[str, Any],
        user_ids: Iterable[UUID],
        requested: tuple[str, str | None],
        at_once: int,
    ) -> tuple[Operation | None, bool]:
        """Store an order and make its first assignments; return it, and whether its key belongs to another order."""

    def assign_chunk(
        self, operation: Operation, lease_id: UUID, lease_seconds: float, learners_max: int
    ) -> Operation | None:
        """Make the next assignments."""


@dataclass(frozen=True)
class AssignmentRequest:
    """Who gave an order and why, as it may be stored. `assigned_by` is a person's id."""

    requested_by: str
    reason: str | None
    assigned_by: UUID | None


@dataclass(frozen=True)
class Assign:
    """The flow, with the IO it was given. `send` takes a message durably, or raises QueueUnavailable."""

    store: AssignmentStore
    send: Callable[[str], object]
    new_id: Callable[[], UUID]
    at_once: int = AT_ONCE

    def request(self, order: AssignmentOrder, course_id: str, key: str, requested: AssignmentRequest) -> Operation:
        """Take an order, and return its progress: done, or continued as an operation.

        A known key assigns nothing again. Raises IdempotencyConflict when the key belongs to a different order.
        After StoreUnavailable or QueueUnavailable, the same order with the same key continues.
        """
        operation, is_conflict = self.store.request(
            order.org_id,
            self.new_id(),
            (_digest(key), _digest(course_id, order.model_copy(update={"user_ids": _sorted(order)}).model_dump_json())),
            order.parameters(course_id, requested.assigned_by),
            _sorted(order),
            (requested.requested_by, requested.reason),
            self.at_once,
        )
        if is_conflict or operation is None:
            raise IdempotencyConflict
        # For a known key too: the first request may have ended before it sent the message. A second one does no harm.
        if operation.state == "queued":
            message = OperationMessage(org_id=operation.org_id, operation_id=operation.operation_id)
            self.send(message.model_dump_json())
        return operation


@dataclass(frozen=True)
class AssignLearners:
    """The step of operations of the kind `assign`. The procedure itself notes the chunk, by advance_operation_v1."""

    store: AssignmentStore

    def __call__(self, operation: Operation, chunk: Chunk) -> StepResult | RecordedStep:
        """Make the next assignments of an order."""
        learners_max = min(CHUNK_LEARNERS, chunk.units_max or CHUNK_LEARNERS)
        latest = self.store.assign_chunk(operation, chunk.lease_id, chunk.lease_seconds, learners_max)
        return RecordedStep(latest, units=learners_max)


def _sorted(order: AssignmentOrder) -> list[UUID]:
    return sorted(set(order.user_ids))


def _digest(*texts: str) -> bytes:
    return hashlib.sha256("\0".join(texts).encode()).digest()
