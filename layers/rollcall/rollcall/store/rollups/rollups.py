"""Calls the procedures of rollups. Each call raises StoreUnavailable."""

from datetime import date
from uuid import UUID

from rollcall.contracts.operations import Operation
from rollcall.contracts.rollups import FoldResult, Outcome, RebuildResult, RollupMessage, Source
from rollcall.store.connection import Database


class RollupStore:
    """Folds events into rollups, and computes days of them again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def backlog(self, token_seconds: float, limit: int) -> list[RollupMessage]:
        """Give a rollup token to each organisation that has new events and no token, and return their messages."""
        (given,) = self._database.call("rollup_backlog_v1", p_ticket_seconds=token_seconds, p_limit=limit)
        return [RollupMessage.model_validate(ticket) for ticket in given]

    def lag_seconds(self) -> float | None:
        """Return the age of the oldest event that no rollup has counted; None when every event is counted."""
        (seconds,) = self._database.call("rollup_lag_v1")
        return None if seconds is None else float(seconds)

    def fold_events(
        self, org_id: UUID, source: Source, ticket_id: UUID | None, token_seconds: float, events_max: int
    ) -> FoldResult:
        """Fold the next events of an organisation: fewer than `events_max` when there are no more.

        Without a token for who works on it in person: then it waits for others.
        """
        outcome, event_count = self._database.call(
            "fold_events_v1",
            "outcome, event_count",
            p_org_id=org_id,
            p_source=source,
            p_ticket_id=ticket_id,
            p_ticket_seconds=token_seconds,
            p_events_max=events_max,
        )
        return FoldResult(outcome=outcome, event_count=event_count)

    def rebuild_stale_day(self, message: RollupMessage, token_seconds: float) -> tuple[Outcome, date | None]:
        """Compute one stale day again; return the outcome and the day (None: no day is stale)."""
        outcome, day = self._database.call(
            "rebuild_stale_day_v1",
            "outcome, rebuilt_day",
            p_org_id=message.org_id,
            p_ticket_id=message.ticket_id,
            p_ticket_seconds=token_seconds,
        )
        return outcome, day

    def release(self, message: RollupMessage) -> None:
        """Return a rollup token: the next new events get another."""
        self._database.call("release_rollup_ticket_v1", p_org_id=message.org_id, p_ticket_id=message.ticket_id)

    def rebuild_day(self, org_id: UUID, day: date) -> RebuildResult:
        """Compute a day of an organisation again from its events."""
        (rebuilt,) = self._database.call("rebuild_rollup_day_v1", p_org_id=org_id, p_day=day)
        return RebuildResult.model_validate(rebuilt)

    def rebuild_chunk(self, operation: Operation, lease_id: UUID, lease_seconds: float) -> Operation | None:
        """Compute the next day of a rebuild again, and return the operation after it; None: lease lost."""
        (latest,) = self._database.call(
            "rebuild_rollups_v1",
            p_org_id=operation.org_id,
            p_operation_id=operation.operation_id,
            p_lease_id=lease_id,
            p_lease_seconds=lease_seconds,
            p_step_number=operation.step_number,
        )
        return Operation.model_validate(latest) if latest else None

    def rebase(self, events_max: int) -> int | None:
        """Translate offsets of another cluster to this one, a limited number of events at a time.

        Return how many it rewrote; None once nothing is left to do.
        """
        (rewritten,) = self._database.call("rebase_rollups_v1", p_events_max=events_max)
        return None if rewritten is None else int(rewritten)
