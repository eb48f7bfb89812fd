"""Calls the procedures that erase, search and export one learner. Each call raises StoreUnavailable."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from rollcall.contracts.ingest.receipt import EventKind
from rollcall.contracts.operations import Operation
from rollcall.domain.privacy.learner_identifiers import LearnerIdentifiers
from rollcall.domain.privacy.locations import ErasedLearner, ErasedRows, FoundRows, TablePart
from rollcall.store.connection import Database


class PrivacyStore:
    """Erases, searches and exports one learner's rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def erase_learner(self, learner: LearnerIdentifiers, *, is_dry_run: bool) -> ErasedLearner:
        """Bar a learner and erase their progress, in one transaction under their lock."""
        row = self._database.call(
            "erase_learner_v1",
            "erased_at, counts, days",
            p_org_id=learner.org_id,
            p_user_id=learner.user_id,
            p_identifiers=learner.identifiers,
            p_is_dry_run=is_dry_run,
        )
        return ErasedLearner(*row)

    def tables(self) -> list[TablePart]:
        """Return every table with rows of organisations, partitions each by itself, in order."""
        (found,) = self._database.call("searched_tables_v1")
        return [TablePart(each["table"], each["of"]) for each in found]

    def erase_rows(
        self, learner: LearnerIdentifiers, operation_id: UUID, part: TablePart, erased_at: datetime, *, is_dry_run: bool
    ) -> ErasedRows:
        """Erase a learner from a part of a table."""
        return ErasedRows(
            *self._database.call(
                "erase_rows_v1",
                "deleted, redacted, days, next_page",
                p_org_id=learner.org_id,
                p_operation_id=operation_id,
                p_table=part.table,
                p_of=part.of,
                p_from_page=part.page,
                p_identifiers=learner.identifiers,
                p_erased_at=erased_at,
                p_is_dry_run=is_dry_run,
            )
        )

    def search_rows(
        self, learner: LearnerIdentifiers, operation_id: UUID, part: TablePart, erased_at: datetime | None
    ) -> FoundRows:
        """Search a part of a table for a learner: for an export, without `erased_at`, with the rows."""
        older, newer, rows, next_page = self._database.call(
            "search_rows_v1",
            "older, newer, rows, next_page",
            p_org_id=learner.org_id,
            p_operation_id=operation_id,
            p_table=part.table,
            p_of=part.of,
            p_from_page=part.page,
            p_identifiers=learner.identifiers,
            p_erased_at=erased_at,
        )
        return FoundRows(older, newer, rows or [], next_page)

    def count_namesakes(self, learner: LearnerIdentifiers) -> int:
        """Return the number of events whose id equals an identifier of the learner."""
        (number,) = self._database.call(
            "count_namesakes_v1", p_org_id=learner.org_id, p_identifiers=learner.identifiers
        )
        return int(number)

    def rebuild_rollup_day(self, org_id: UUID, day: date) -> bool:
        """Compute a day's rollups again; False when the day is frozen, or older than the rollups."""
        (rebuilt,) = self._database.call("rebuild_rollup_day_v1", p_org_id=org_id, p_day=day)
        return rebuilt["progress"] is not None or rebuilt["analytics"] is not None

    def entomb_events(self, org_id: UUID, kind: EventKind | None, event_ids: Sequence[UUID]) -> None:
        """Keep only the ids of erased events, of one kind or of both."""
        self._database.call("entomb_events_v2", p_org_id=org_id, p_kind=kind, p_event_ids=list(event_ids))

    def exports_of(self, learner: LearnerIdentifiers) -> list[UUID]:
        """Return the ids of all exports that were made of a learner."""
        (found,) = self._database.call("list_exports_v1", p_org_id=learner.org_id, p_source=learner.source)
        return list(found)

    def finish(
        self,
        operation: Operation,
        lease_id: UUID,
        learner: LearnerIdentifiers,
        counts: Mapping[str, int],
        certificate: Mapping[str, Any] | None,
    ) -> Operation | None:
        """End an operation: take its learner out of its own row, and keep the certificate. None: lease lost."""
        (finished,) = self._database.call(
            "finish_privacy_v1",
            p_org_id=operation.org_id,
            p_operation_id=operation.operation_id,
            p_lease_id=lease_id,
            p_step_number=operation.step_number,
            p_identifiers=learner.identifiers,
            p_counts=json.dumps(counts),
            p_certificate=None if certificate is None else json.dumps(certificate),
        )
        return Operation.model_validate(finished) if finished else None

    def certificate(self, org_id: UUID, operation_id: UUID) -> dict[str, Any] | None:
        """Return the certificate of an erasure, or None while there is none."""
        (certificate,) = self._database.call("read_certificate_v1", p_org_ids=[org_id], p_operation_id=operation_id)
        return dict(certificate) if certificate else None
