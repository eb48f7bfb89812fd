"""The procedures that erase, search and export one learner, called by their names. Each raises StoreUnavailable."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from rollcall.contracts.ingest.receipt import EventKind
from rollcall.contracts.operations import Operation
from rollcall.domain.privacy.learner_identifiers import Trace
from rollcall.domain.privacy.locations import ErasedLearner, ErasedRows, FoundRows, TablePart
from rollcall.store.connection import Database

ERASE_LEARNER = "select erased_at, counts, days from rollcall.erase_learner_v1(%s, %s, %s, %s)"
ERASE_ROWS = (
    "select deleted, redacted, days, next_page from rollcall.erase_rows_v1(%s, %s, %s, %s, %s::bigint, %s, %s, %s)"
)
SEARCH_ROWS = "select older, newer, rows, next_page from rollcall.search_rows_v1(%s, %s, %s, %s, %s::bigint, %s, %s)"
FINISH = "select rollcall.finish_privacy_v1(%s, %s, %s, %s, %s, %s::jsonb, %s::jsonb)"


class PrivacyStore:
    """Erases, searches and exports one learner's rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def erase_learner(self, trace: Trace, *, is_dry_run: bool) -> ErasedLearner:
        """Bar a learner and erase their progress, in one transaction under their lock."""
        row = self._database.call(ERASE_LEARNER, (trace.org_id, trace.user_id, trace.identifiers, is_dry_run))
        return ErasedLearner(*row)

    def tables(self) -> list[TablePart]:
        """Return every table with rows of organisations, partitions each by itself, in order."""
        (found,) = self._database.call("select rollcall.searched_tables_v1()", ())
        return [TablePart(each["table"], each["of"]) for each in found]

    def erase_rows(
        self, trace: Trace, operation_id: UUID, part: TablePart, erased_at: datetime, *, is_dry_run: bool
    ) -> ErasedRows:
        """Erase a learner from a part of a table."""
        return ErasedRows(
            *self._database.call(
                ERASE_ROWS,
                (
                    trace.org_id,
                    operation_id,
                    part.table,
                    part.of,
                    part.page,
                    trace.identifiers,
                    erased_at,
                    is_dry_run,
                ),
            )
        )

    def search_rows(self, trace: Trace, operation_id: UUID, part: TablePart, erased_at: datetime | None) -> FoundRows:
        """Search a part of a table for a learner: for an export, without `erased_at`, with the rows."""
        older, newer, rows, next_page = self._database.call(
            SEARCH_ROWS,
            (trace.org_id, operation_id, part.table, part.of, part.page, trace.identifiers, erased_at),
        )
        return FoundRows(older, newer, rows or [], next_page)

    def count_namesakes(self, trace: Trace) -> int:
        """Return how many events have an id that is equal to an identifier of a learner."""
        (number,) = self._database.call("select rollcall.count_namesakes_v1(%s, %s)", (trace.org_id, trace.identifiers))
        return int(number)

    def rebuild_rollup_day(self, org_id: UUID, day: date) -> bool:
        """Compute a day's rollups again; False when they are frozen, or of before."""
        (rebuilt,) = self._database.call("select rollcall.rebuild_rollup_day_v1(%s, %s)", (org_id, day))
        return rebuilt["progress"] is not None or rebuilt["analytics"] is not None

    def entomb_events(self, org_id: UUID, kind: EventKind | None, event_ids: Sequence[UUID]) -> None:
        """Leave of erased events of a kind, or of either, their ids alone."""
        self._database.call("select rollcall.entomb_events_v2(%s, %s, %s)", (org_id, kind, list(event_ids)))

    def exports_of(self, trace: Trace) -> list[UUID]:
        """Return the ids of all exports that were made of a learner."""
        (found,) = self._database.call("select rollcall.list_exports_v1(%s, %s)", (trace.org_id, trace.source))
        return list(found)

    def finish(
        self,
        operation: Operation,
        lease_id: UUID,
        trace: Trace,
        counts: Mapping[str, int],
        certificate: Mapping[str, Any] | None,
    ) -> Operation | None:
        """End an operation: take its learner out of its own row, and keep the certificate. None: lease lost."""
        (finished,) = self._database.call(
            FINISH,
            (
                operation.org_id,
                operation.operation_id,
                lease_id,
                operation.step_number,
                trace.identifiers,
                json.dumps(counts),
                None if certificate is None else json.dumps(certificate),
            ),
        )
        return Operation.model_validate(finished) if finished else None

    def certificate(self, org_id: UUID, operation_id: UUID) -> dict[str, Any] | None:
        """Return the certificate of an erasure, or None while there is none."""
        (certificate,) = self._database.call("select rollcall.read_certificate_v1(%s, %s)", ([org_id], operation_id))
        return dict(certificate) if certificate else None
