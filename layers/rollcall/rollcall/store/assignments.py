"""Calls the procedures that assign learners to courses. Each call raises StoreUnavailable."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from rollcall.contracts.operations import Operation
from rollcall.store.connection import Database


class AssignmentStore:
    """Keeps orders of assignments, and makes the assignments."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        """Store an order and make its first assignments.

        `digests` are of the key and of what is asked for, `requested` is by whom and why. Return the operation of that
        key (None: it was forgotten), and whether the key asked for something else before.
        """
        operation, is_conflict = self._database.call(
            "request_assignments_v1",
            "operation, is_conflict",
            p_org_id=org_id,
            p_operation_id=operation_id,
            p_key_digest=digests[0],
            p_content_digest=digests[1],
            p_parameters=json.dumps(parameters),
            p_user_ids=list(user_ids),
            p_requested_by=requested[0],
            p_reason=requested[1],
            p_at_once=at_once,
        )
        return Operation.model_validate(operation) if operation else None, bool(is_conflict)

    def assign_chunk(
        self, operation: Operation, lease_id: UUID, lease_seconds: float, learners_max: int
    ) -> Operation | None:
        """Make the next assignments of an order, and return its operation after that; None: lease lost."""
        (latest,) = self._database.call(
            "assign_learners_v1",
            p_org_id=operation.org_id,
            p_operation_id=operation.operation_id,
            p_lease_id=lease_id,
            p_lease_seconds=lease_seconds,
            p_step_number=operation.step_number,
            p_limit=learners_max,
        )
        return Operation.model_validate(latest) if latest else None
