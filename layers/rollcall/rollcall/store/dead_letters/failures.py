"""Calls the procedures that record dead letters."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from rollcall.contracts.dead_letters.letter import Failure
from rollcall.store.connection import Database


class FailureStore:
    """The ledger of dead letters for the consumers of queues. Each call raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_barred(self, org_id: UUID, asked: Sequence[tuple[str, datetime]]) -> list[bool]:
        """Return for each (identifier, time) whether the learner was erased at or after that time."""
        document = json.dumps([{"identifiers": [name], "at": at.isoformat()} for name, at in asked])
        (barred,) = self._database.call("find_barred_v1", p_org_id=org_id, p_asked=document)
        return list(barred)

    def record_dead_letter(self, org_id: UUID, failure: Failure) -> bool:
        """Record a failure once, and return whether it was new."""
        (recorded,) = self._database.call("record_dead_letter_v1", p_org_id=org_id, p_failure=failure.model_dump_json())
        return bool(recorded)

    def resolve_dead_letter(
        self, org_id: UUID, dead_letter_id: UUID, resolution_id: UUID, operation_id: UUID | None, code: str
    ) -> None:
        """Note that a redriven dead letter was stored; an unknown dead letter changes nothing."""
        self._database.call(
            "resolve_dead_letter_v1",
            p_org_id=org_id,
            p_dead_letter_id=dead_letter_id,
            p_entry_id=resolution_id,
            p_operation_id=operation_id,
            p_code=code,
        )
