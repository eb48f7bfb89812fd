"""The procedures of rollups, called by their names. Each raises StoreUnavailable."""

from datetime import date
from uuid import UUID

from rollcall.contracts.operations import Operation
from rollcall.contracts.rollups import Folded, Outcome, Rebuilt, RollupMessage, Source
from rollcall.store.connection import Database

FOLD = "select outcome, event_count from rollcall.fold_events_v1(%s, %s, %s, %s, %s)"
REBUILD_STALE = "select outcome, rebuilt_day from rollcall.rebuild_stale_day_v1(%s, %s, %s)"
REBUILD_CHUNK = "select rollcall.rebuild_rollups_v1(%s, %s, %s, %s, %s)"
REBASE = "select rollcall.rebase_rollups_v1(%s)"


class RollupStore:
    """Folds events into rollups, and computes days of them again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def backlog(self, ticket_seconds: float, limit: int) -> list[RollupMessage]:
        """Give a ticket to each organisation that has something to fold and none, and return their messages."""
        (given,) = self._database.call("select rollcall.rollup_backlog_v1(%s, %s)", (ticket_seconds, limit))
        return [RollupMessage.model_validate(ticket) for ticket in given]

    def lag_seconds(self) -> float | None:
        """Return how old the oldest event is that no rollup knows; None when there is none."""
        (seconds,) = self._database.call("select rollcall.rollup_lag_v1()", ())
        return None if seconds is None else float(seconds)

    def fold_events(
        self, org_id: UUID, source: Source, ticket_id: UUID | None, ticket_seconds: float, events_max: int
    ) -> Folded:
        """Fold the next events of an organisation: fewer than `events_max` when there are no more.

        Without a ticket for who works on it in person: then it waits for others.
        """
        outcome, event_count = self._database.call(FOLD, (org_id, source, ticket_id, ticket_seconds, events_max))
        return Folded(outcome=outcome, event_count=event_count)

    def rebuild_stale_day(self, message: RollupMessage, ticket_seconds: float) -> tuple[Outcome, date | None]:
        """Compute one stale day again; return how that went, and which day it was: None when there was none."""
        outcome, day = self._database.call(REBUILD_STALE, (message.org_id, message.ticket_id, ticket_seconds))
        return outcome, day

    def release(self, message: RollupMessage) -> None:
        """Give a ticket back: the next new events get another."""
        self._database.call("select rollcall.release_rollup_ticket_v1(%s, %s)", (message.org_id, message.ticket_id))

    def rebuild_day(self, org_id: UUID, day: date) -> Rebuilt:
        """Compute a day of an organisation again from its events."""
        (rebuilt,) = self._database.call("select rollcall.rebuild_rollup_day_v1(%s, %s)", (org_id, day))
        return Rebuilt.model_validate(rebuilt)

    def rebuild_chunk(self, operation: Operation, lease_id: UUID, lease_seconds: float) -> Operation | None:
        """Compute the next day of a rebuild again, and return the operation after it; None: lease lost."""
        (latest,) = self._database.call(
            REBUILD_CHUNK,
            (operation.org_id, operation.operation_id, lease_id, lease_seconds, operation.step_number),
        )
        return Operation.model_validate(latest) if latest else None

    def rebase(self, events_max: int) -> int | None:
        """Make offsets that came from another cluster those of this one, so many events at a time.

        Return how many it rewrote; None once nothing is left to do.
        """
        (rewritten,) = self._database.call(REBASE, (events_max,))
        return None if rewritten is None else int(rewritten)
