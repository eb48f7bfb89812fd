"""A database that tells when it goes away and when it is back, whoever calls it."""

from collections.abc import Mapping, Sequence
from typing import Any

from rollcall.errors import StoreUnavailable
from rollcall.flows.health.signal import Signals
from rollcall.store.connection import Database, DatabaseAddress


class SignallingDatabase(Database):
    """The database of a function that clients wait for: it sees first what watch would see seconds later."""

    def __init__(self, address: DatabaseAddress, answer_timeout_seconds: float, signals: Signals) -> None:
        super().__init__(address, answer_timeout_seconds)
        self._signals = signals

    def call(
        self, statement: str, parameters: Sequence[Any] | Mapping[str, Any], *, is_trial: bool = False
    ) -> tuple[Any, ...]:
        """Call as the database does, and tell what that showed."""
        try:
            row = super().call(statement, parameters, is_trial=is_trial)
        except StoreUnavailable:
            self._signals.database_unreachable()
            raise
        self._signals.database_reachable()
        return row
