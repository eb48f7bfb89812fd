"""Calls the procedures that report on processes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from rollcall.contracts.ingest.process import ProcessHealth, ProcessRollup, StoredProcessEvent
from rollcall.domain.reports.window import ONE_DAY, DayWindow
from rollcall.store.connection import Database

PREFIX = "process_"


class ProcessStore:
    """Reads the events of processes. Each call concerns one organisation, and raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_process_events(
        self, org_id: UUID, window: DayWindow, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[StoredProcessEvent]:
        """Return the latest events of the window, after that one, newest first."""
        after_at, after_id = after or (None, None)
        (events,) = self._database.call(
            "list_process_events_v1",
            p_org_id=org_id,
            p_from=window.begins_at,
            p_until=window.ends_at,
            p_after_at=after_at,
            p_after_id=after_id,
            p_limit=limit,
        )
        return [_event(event) for event in events]

    def process_rollup(self, org_id: UUID, window: DayWindow) -> ProcessRollup:
        """Return the figures of processes within the window."""
        (rollup,) = self._database.call("process_rollup_v1", p_org_id=org_id, p_from=window.first, p_until=window.last)
        return ProcessRollup(org_id=org_id, from_day=window.first, to_day=window.end, **rollup)

    def process_health(self, org_id: UUID) -> ProcessHealth:
        """Return the health of processes over the last seven days."""
        (health,) = self._database.call("process_health_v1", p_org_id=org_id)
        return ProcessHealth.model_validate(
            health
            | {
                "org_id": org_id,
                "status": "ok" if health["status"] == "healthy" else health["status"],
                "to": date.fromisoformat(health["until"]) + ONE_DAY,
            }
        )


def _event(event: dict[str, Any]) -> StoredProcessEvent:
    return StoredProcessEvent.model_validate(event | {"kind": event["name"].removeprefix(PREFIX)})
