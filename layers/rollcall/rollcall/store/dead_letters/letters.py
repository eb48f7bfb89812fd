"""Calls the procedures that list, redrive and discard dead letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from rollcall.contracts.dead_letters.letter import DeadLetter, DeadLetterFile, DeadLetterGroup, HistoryEntry
from rollcall.contracts.dead_letters.redrive import Discarding, RedriveCounts, RedriveResult, Selection
from rollcall.store.connection import Database


@dataclass(frozen=True)
class LetterFilter:
    """A filter of dead letters; None matches any."""

    queue: str | None = None
    cause: str | None = None
    state: str | None = None


class DeadLetterStore:
    """The ledger of dead letters for administrators. Each call is of one organisation, and raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_dead_letters(
        self, org_id: UUID, which: LetterFilter, after: tuple[datetime, UUID] | None, limit: int
    ) -> tuple[list[DeadLetterGroup], list[DeadLetter]]:
        """Return the count for each cause, and the page of dead letters after the cursor, newest first."""
        failed_at, letter_id = after or (None, None)
        groups, letters = self._database.call(
            "list_dead_letters_v1",
            "groups, letters",
            p_org_id=org_id,
            p_queue=which.queue,
            p_cause=which.cause,
            p_state=which.state,
            p_after_failed_at=failed_at,
            p_after_id=letter_id,
            p_limit=limit,
        )
        return [DeadLetterGroup.model_validate(row) for row in groups], _letters(letters)

    def read_dead_letter(self, org_id: UUID, dead_letter_id: UUID) -> DeadLetterFile | None:
        """Return the ledger's row of a dead letter, without its body; None when the organisation has none."""
        letter, history, event_ids = self._database.call(
            "read_dead_letter_v1", "letter, history, event_ids", p_org_id=org_id, p_dead_letter_id=dead_letter_id
        )
        if letter is None:
            return None
        return DeadLetterFile(
            dead_letter=DeadLetter.model_validate(letter),
            event_ids=event_ids,
            history=[HistoryEntry.model_validate(entry) for entry in history],
        )

    def select_dead_letters(
        self, org_id: UUID, selection: Selection, until: datetime | None, after: UUID | None, limit: int
    ) -> tuple[int | None, list[DeadLetter]]:
        """Return the size of a selection (with its first page only), and the page after this id, in order of ids."""
        matching, letters = self._database.call(
            "select_dead_letters_v1",
            "matching, letters",
            p_org_id=org_id,
            p_dead_letter_ids=selection.dead_letter_ids,
            p_cause=selection.cause,
            p_queue=selection.queue,
            p_until=until,
            p_after=after,
            p_limit=limit,
        )
        return matching, _letters(letters)

    def mark_redriven(
        self,
        org_id: UUID,
        operation_id: UUID,
        acted_by: str,
        reason: str,
        results: Sequence[tuple[DeadLetter, str | None]],
    ) -> None:
        """Record the result of an operation for each dead letter, once; an error code gives the reason of a failure."""
        document = Jsonb(
            [
                {
                    "dead_letter_id": str(letter.dead_letter_id),
                    "failure_count": letter.failure_count,
                    "code": code,
                }
                for letter, code in results
            ]
        )
        self._database.call(
            "mark_redriven_v1",
            p_org_id=org_id,
            p_operation_id=operation_id,
            p_acted_by=acted_by,
            p_reason=reason,
            p_results=document,
        )

    def list_redrive_results(
        self, org_id: UUID, operation_id: UUID, after: UUID | None, limit: int
    ) -> tuple[RedriveCounts, list[RedriveResult]]:
        """Return the totals of a redrive, and the page of its results after this id, in order of ids."""
        counts, results = self._database.call(
            "list_redrive_results_v1",
            "counts, results",
            p_org_id=org_id,
            p_operation_id=operation_id,
            p_after=after,
            p_limit=limit,
        )
        return RedriveCounts.model_validate(counts), [RedriveResult.model_validate(row) for row in results]

    def discard_dead_letters(
        self,
        org_id: UUID,
        selection: Selection,
        acted_by: str,
        reason: str,
        *,
        dry_run: bool,
        limit: int,
        until: datetime | None = None,
    ) -> Discarding:
        """Discard at most `limit` open dead letters of a selection that failed before this time (None: now)."""
        discarded, remaining, until = self._database.call(
            "discard_dead_letters_v2",
            "discarded, remaining, until",
            p_org_id=org_id,
            p_dead_letter_ids=selection.dead_letter_ids,
            p_cause=selection.cause,
            p_queue=selection.queue,
            p_acted_by=acted_by,
            p_reason=reason,
            p_dry_run=dry_run,
            p_limit=limit,
            p_until=until,
        )
        return Discarding(dry_run=dry_run, discarded=discarded, remaining=remaining, until=until)


def _letters(rows: Any) -> list[DeadLetter]:
    return [DeadLetter.model_validate(row) for row in rows]
