"""The one row of advice for clients, and how much is ordered and not done, called by their procedures' names."""

from typing import Any

from rollcall.contracts.health.advice import Advice
from rollcall.store.connection import Database


class AdviceStore:
    """Keeps what clients are advised; each call raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, advice: Advice, backlog: int | None) -> None:
        """Write it with each look, changed or not: what is two minutes old counts as none."""
        self._database.call(
            "write_advice_v1",
            p_flush_interval_ms=advice.flush_interval_ms,
            p_batch_size=advice.batch_size,
            p_pause_until=advice.pause_until,
            p_backlog=backlog,
        )

    def read(self) -> Advice | None:
        """Return the advice; None when there is none, or nobody has renewed it."""
        return advice_of(self._database.call("read_advice_v1")[0])

    def count_pending_assignments(self) -> int:
        """Return how many assignments were ordered and are not made yet."""
        return int(self._database.call("count_pending_assignments_v1")[0])


def advice_of(document: dict[str, Any] | None) -> Advice | None:
    """Return what `read_advice_v1` answered, also beside another procedure's answer."""
    return None if document is None else Advice.model_validate(document)
