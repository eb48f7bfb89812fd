"""A database connection that signals when the database goes away and when it comes back."""

from collections.abc import Sequence
from typing import Any

from rollcall.errors import StoreUnavailable
from rollcall.flows.health.signal import Signals
from rollcall.store.connection import Database, DatabaseAddress


class SignallingDatabase(Database):
    """The database of a function that clients wait for: it sees an outage seconds before health_monitor does."""

    def __init__(self, address: DatabaseAddress, answer_timeout_seconds: float, signals: Signals) -> None:
        super().__init__(address, answer_timeout_seconds)
        self._signals = signals

    def run(self, statement: str, parameters: Sequence[Any] = (), *, is_trial: bool = False) -> tuple[Any, ...]:
        """Run a statement, and signal whether the database answered."""
        try:
            row = super().run(statement, parameters, is_trial=is_trial)
        except StoreUnavailable:
            self._signals.database_unreachable()
            raise
        self._signals.database_reachable()
        return row
