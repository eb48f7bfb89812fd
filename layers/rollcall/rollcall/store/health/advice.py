"""Calls the procedures of the one row of advice for clients, and of pending assignments."""

from typing import Any

from rollcall.contracts.health.advice import Advice
from rollcall.store.connection import Database


class AdviceStore:
    """Keeps the advice for clients. Each call raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, advice: Advice, backlog: int | None) -> None:
        """Write the advice at each measurement, changed or not: advice that is two minutes old counts as none."""
        self._database.call(
            "write_advice_v1",
            p_flush_interval_ms=advice.flush_interval_ms,
            p_batch_size=advice.batch_size,
            p_pause_until=advice.pause_until,
            p_backlog=backlog,
        )

    def read(self) -> Advice | None:
        """Return the advice; None when there is none, or the last one is too old."""
        return advice_of(self._database.call("read_advice_v1")[0])

    def count_pending_assignments(self) -> int:
        """Return the number of assignments that are ordered and not made."""
        return int(self._database.call("count_pending_assignments_v1")[0])


def advice_of(document: dict[str, Any] | None) -> Advice | None:
    """Return what `read_advice_v1` answered, also beside another procedure's answer."""
    return None if document is None else Advice.model_validate(document)
