"""Signal: tell watch at once that the database went away, or came back, so that it looks for itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from rollcall.contracts.sockets.connection import Signal
from rollcall.errors import RollcallError

INTERVAL_SECONDS = 5.0

Send = Callable[[str], object]
"""Puts a message on the signal queue; raises QueueUnavailable."""


@dataclass
class Signals:
    """What this execution environment saw last, and has told. `monotonic` is in seconds; `report` is given a code.

    One message a change, and one in five seconds. Nothing here raises: whoever saw the database go has a batch to save.
    """

    service: str
    send: Send
    report: Callable[[str], None]
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    _is_away: bool = field(default=False, init=False)
    _tried_at: float | None = field(default=None, init=False)

    def database_unreachable(self) -> None:
        """Tell that the database is away, unless that is told."""
        if not self._is_away:
            self._is_away = self._tell("database_unreachable")

    def database_reachable(self) -> None:
        """Tell that the database is back, if it was told to be away. Costs nothing where all is well."""
        if self._is_away:
            self._is_away = not self._tell("database_reachable")

    def _tell(self, seen: Literal["database_unreachable", "database_reachable"]) -> bool:
        """Tell whether it was told. What could not be, or not yet, is told by whoever sees the same again."""
        if self._tried_at is not None and self.monotonic() - self._tried_at < INTERVAL_SECONDS:
            return False
        self._tried_at = self.monotonic()
        try:
            self.send(Signal(seen=seen, seen_at=self.now(), service=self.service).model_dump_json())
        except RollcallError as fault:
            self.report(fault.code)
            return False
        return True
