"""Calls the procedures that find events that are queued, rejected or stored."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from rollcall.contracts.ingest.receipt import EventKind, EventState, QueuedEvents, Rejection
from rollcall.domain.ingest.rate import RateAnswer, RateLimit, RateState
from rollcall.store.connection import Database
from rollcall.store.health.advice import advice_of
from rollcall.store.procedures import call_statement

FOUND = "coalesce(jsonb_agg(to_jsonb(found) order by found.ordinality), '[]')"
FIND = call_statement("find_event_v2", FOUND, ("p_org_id", "p_event_id")) + " with ordinality as found"

STATE_MEMBERS = ("state", "kind", "changed_at", "reason", "batch_id", "dead_letter_id")


class ReceiptStore:
    """Notes queued and rejected events, and finds an event again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def announce_batches(
        self, subject: str, limit: RateLimit, batches: Sequence[QueuedEvents], received_at: datetime
    ) -> RateAnswer:
        """Charge the caller's allowance one batch, and note the events about to be queued. Raises StoreUnavailable."""
        document = json.dumps(
            [
                {
                    "org_id": str(batch.org_id),
                    "batch_id": str(batch.batch_id),
                    "event_ids": [str(event_id) for event_id in batch.event_ids],
                }
                for batch in batches
            ]
        )
        return _answer(
            self._database.call(
                "announce_batches_v1",
                "rate_remaining, rate_reset_ms, retry_after_ms, rollcall.read_advice_v1()",
                p_subject=subject,
                p_rate_per_second=limit.per_second,
                p_burst=limit.burst,
                p_batches=document,
                p_received_at=received_at,
            )
        )

    def withdraw_batches(self, batches: Sequence[QueuedEvents]) -> None:
        """Forget batches that could not be queued. Raises StoreUnavailable."""
        self._database.call(
            "withdraw_batches_v1",
            p_org_ids=[batch.org_id for batch in batches],
            p_batch_ids=[batch.batch_id for batch in batches],
        )

    def note_rejections(
        self,
        subject: str,
        limit: RateLimit | None,
        rejections: Sequence[Rejection],
        rejected_at: datetime,
        kind: EventKind,
    ) -> RateAnswer:
        """Note why events of a kind were rejected; a `limit` of None does not count. Raises StoreUnavailable."""
        return _answer(
            self._database.call(
                "note_rejections_v2",
                "rate_remaining, rate_reset_ms, retry_after_ms, rollcall.read_advice_v1()",
                p_subject=subject,
                p_rate_per_second=limit.per_second if limit else None,
                p_burst=limit.burst if limit else None,
                p_org_ids=[rejection.org_id for rejection in rejections],
                p_event_ids=[rejection.event_id for rejection in rejections],
                p_reasons=[rejection.reason for rejection in rejections],
                p_rejected_at=rejected_at,
                p_kind=kind,
            )
        )

    def find_event(self, org_id: UUID, event_id: UUID) -> list[EventState]:
        """Return where the events of an organisation with this id are now: at most one of each kind, none if unknown.

        What is stored comes first, then what happened last. Raises StoreUnavailable.
        """
        (found,) = self._database.run(FIND, (org_id, event_id))
        return [
            EventState(event_id=event_id, org_id=org_id, **{name: row[name] for name in STATE_MEMBERS}) for row in found
        ]


def _answer(row: tuple[Any, ...]) -> RateAnswer:
    remaining, reset_ms, retry_after_ms, advice = row
    rate = None if remaining is None or reset_ms is None else RateState(remaining, reset_ms)
    return RateAnswer(rate, retry_after_ms, advice_of(advice))
