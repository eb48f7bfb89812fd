"""The procedures with which people look at dead letters, redrive and discard them, called by their names."""

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
    """Which dead letters are listed; None is any."""

    queue: str | None = None
    cause: str | None = None
    state: str | None = None


class DeadLetterStore:
    """The ledger of dead letters, as people see it. Each call is one organisation's, and raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_dead_letters(
        self, org_id: UUID, which: LetterFilter, after: tuple[datetime, UUID] | None, limit: int
    ) -> tuple[list[DeadLetterGroup], list[DeadLetter]]:
        """Return how many there are by cause, and the next after that one, newest first."""
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
        """Return what the ledger has of a dead letter, without its body; None where there is none such."""
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
        """Return how many a selection has (with its first page alone), and the next after that id, in their order."""
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
        """Note what an operation did with dead letters, once each: a code says why one could not be redriven."""
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
        """Return what a redrive came to, and its next results after that id, in the order of ids."""
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
        """Give up the open dead letters of a selection, at most `limit` of them, that failed until then (None: now)."""
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
