"""Calls the procedures of progress events."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from rollcall.contracts.health.advice import Advice
from rollcall.contracts.ingest.progress import EVENTS, ProgressEvent
from rollcall.domain.ingest.rate import RateLimit, RateState
from rollcall.errors import StoreRefused
from rollcall.store.connection import REFUSALS, Database, name_of
from rollcall.store.health.advice import advice_of

ANSWER = "outcomes, rate_remaining, rate_reset_ms, retry_after_ms, rollcall.read_advice_v1()"


@dataclass(frozen=True)
class StoredBatch:
    """The procedure's answer for a batch: an outcome for each event, in order; none when the rate was exceeded.

    `advice` is the advice for clients, read in the same round trip; None when there is none.
    """

    outcomes: list[str] | None
    rate: RateState | None
    retry_after_ms: int = 0
    advice: Advice | None = None


class ProgressStore:
    """Stores progress events through `ingest_progress_v1`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ingest_progress(
        self,
        subject: str,
        org_ids: Iterable[UUID],
        events: list[ProgressEvent],
        received_at: datetime,
        limit: RateLimit | None,
    ) -> StoredBatch:
        """Store a batch once, and return the outcome of each event.

        A `limit` of None is for batches that were let in before (spool, replay). Raises StoreRefused when some content
        can never be stored, StoreUnavailable.
        """
        try:
            outcomes, remaining, reset_ms, retry_after_ms, advice = self._database.call(
                "ingest_progress_v1", ANSWER, **_parameters(subject, org_ids, events, received_at, limit)
            )
        except REFUSALS as refused:
            # `from None`: the text of the database's error may quote a row.
            raise StoreRefused(name_of(refused)) from None
        rate = None if remaining is None else RateState(remaining, reset_ms)
        return StoredBatch(outcomes, rate, retry_after_ms or 0, advice_of(advice))

    def refuses(
        self, subject: str, org_ids: Iterable[UUID], events: list[ProgressEvent], received_at: datetime
    ) -> bool:
        """Return whether content of an accepted batch can never be stored. The call stores nothing.

        Raises StoreUnavailable.
        """
        parameters = _parameters(subject, org_ids, events, received_at, None)
        return self._database.refuses("ingest_progress_v1", ANSWER, **parameters)


def _parameters(
    subject: str, org_ids: Iterable[UUID], events: list[ProgressEvent], received_at: datetime, limit: RateLimit | None
) -> dict[str, Any]:
    return {
        "p_subject": subject,
        "p_org_ids": list(org_ids),
        "p_events": EVENTS.dump_json(events, exclude_none=True).decode(),
        "p_received_at": received_at,
        "p_rate_per_second": limit.per_second if limit else None,
        "p_burst": limit.burst if limit else None,
    }
