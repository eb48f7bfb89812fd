"""Calls the procedures of operations. Each call raises StoreUnavailable."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from rollcall.contracts.operations import Operation, OperationKind, OperationMessage, OperationRequest
from rollcall.store.connection import Database


class OperationStore:
    """Keeps operations, and works on stored rows for them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def request(self, request: OperationRequest, operation_id: UUID) -> tuple[Operation, bool]:
        """Store an operation and return it with True; when one is active, return that one with False."""
        operation, is_new = self._database.call(
            "request_operation_v1",
            "operation, is_new",
            p_org_id=request.org_id,
            p_operation_id=operation_id,
            p_kind=request.kind,
            p_source=request.source,
            p_parameters=json.dumps(request.parameters),
            p_is_dry_run=request.is_dry_run,
            p_rate_per_second=request.rate_per_second,
            p_requested_by=request.requested_by,
            p_reason=request.reason,
        )
        return Operation.model_validate(operation), bool(is_new)

    def read(self, kind: OperationKind, operation_id: UUID, org_ids: Iterable[UUID]) -> Operation | None:
        """Return an operation of these organisations."""
        return self._one("read_operation_v1", p_org_ids=list(org_ids), p_kind=kind, p_operation_id=operation_id)

    def cancel(self, kind: OperationKind, operation_id: UUID, org_ids: Iterable[UUID]) -> Operation | None:
        """Ask that an operation of these organisations be cancelled, and return it as it is now."""
        return self._one("cancel_operation_v1", p_org_ids=list(org_ids), p_kind=kind, p_operation_id=operation_id)

    def list_recent(self, kind: OperationKind, org_id: UUID, limit: int) -> list[Operation]:
        """Return the latest operations of an organisation, newest first."""
        (operations,) = self._database.call("list_operations_v1", p_org_id=org_id, p_kind=kind, p_limit=limit)
        return [Operation.model_validate(operation) for operation in operations]

    def lease(self, org_id: UUID, operation_id: UUID, lease_seconds: float) -> tuple[Operation | None, UUID | None]:
        """Lease an operation, and return it with the lease; without a lease there is nothing to do now."""
        operation, lease_id = self._database.call(
            "lease_operation_v1",
            "operation, lease_id",
            p_org_id=org_id,
            p_operation_id=operation_id,
            p_lease_seconds=lease_seconds,
        )
        return Operation.model_validate(operation) if operation else None, lease_id

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
        """Note that the chunk after `operation` is done; None when the lease was lost."""
        return self._one(
            "advance_operation_v1",
            p_org_id=operation.org_id,
            p_operation_id=operation.operation_id,
            p_lease_id=lease_id,
            p_lease_seconds=lease_seconds,
            p_step_number=operation.step_number,
            p_cursor=None if cursor is None else json.dumps(cursor),
            p_counts=json.dumps(counts),
            p_is_done=is_done,
        )

    def release(
        self,
        operation: Operation,
        lease_id: UUID,
        error_code: str | None = None,
        faults_max: int = 1,
        rest_seconds: float = 0,
    ) -> Operation | None:
        """Release an operation; an error code records a fault. None when the lease was lost."""
        return self._one(
            "release_operation_v2",
            p_org_id=operation.org_id,
            p_operation_id=operation.operation_id,
            p_lease_id=lease_id,
            p_error_code=error_code,
            p_faults_max=faults_max,
            p_rest_seconds=rest_seconds,
        )

    def choose(
        self, org_id: UUID, leases_max: int, held_seconds: float
    ) -> tuple[OperationMessage | None, float | None]:
        """Return the operation whose turn it is, reserved for a time; or None and the seconds to wait (None: for ever).

        `org_id` is an organisation that is known to have asked; all others are considered as well.
        """
        chosen, operation_id, again_seconds = self._database.call(
            "choose_operation_v1",
            "org_id, operation_id, again_seconds",
            p_org_id=org_id,
            p_leases_max=leases_max,
            p_held_seconds=held_seconds,
        )
        if operation_id is None:
            return None, None if again_seconds is None else float(again_seconds)
        return OperationMessage(org_id=chosen, operation_id=operation_id), None

    def is_turn_over(self, org_id: UUID) -> bool:
        """Return whether another organisation waits for the worker of this organisation's operation."""
        (is_over,) = self._database.call("is_turn_over_v1", p_org_id=org_id)
        return bool(is_over)

    def replay_progress(
        self, operation: Operation, lease_id: UUID, lease_seconds: float, learners_max: int
    ) -> Operation | None:
        """Do the next chunk of a replay of stored events, and return the operation after it; None: lease lost."""
        return self._one(
            "replay_progress_v1",
            p_org_id=operation.org_id,
            p_operation_id=operation.operation_id,
            p_lease_id=lease_id,
            p_lease_seconds=lease_seconds,
            p_step_number=operation.step_number,
            p_learners_max=learners_max,
        )

    def _one(self, procedure: str, /, **parameters: Any) -> Operation | None:
        (operation,) = self._database.call(procedure, **parameters)
        return Operation.model_validate(operation) if operation else None
