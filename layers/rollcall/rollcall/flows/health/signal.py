"""Signal to health_monitor at once that the database went away or came back, so that it measures."""

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
    """The state that this execution environment signalled last. `monotonic` is in seconds; `report` gets an error code.

    It sends one message for each change, at most one in five seconds. No method raises, because the caller still has a
    batch to save.
    """

    service: str
    send: Send
    report: Callable[[str], None]
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    _is_away: bool = field(default=False, init=False)
    _tried_at: float | None = field(default=None, init=False)

    def database_unreachable(self) -> None:
        """Signal that the database is away, unless that was signalled."""
        if not self._is_away:
            self._is_away = self._send("database_unreachable")

    def database_reachable(self) -> None:
        """Signal that the database is back, if an outage was signalled. Without an outage this does nothing."""
        if self._is_away:
            self._is_away = not self._send("database_reachable")

    def _send(self, seen: Literal["database_unreachable", "database_reachable"]) -> bool:
        """Send a signal; return whether it was sent. If not, the next call that sees the same state tries again."""
        if self._tried_at is not None and self.monotonic() - self._tried_at < INTERVAL_SECONDS:
            return False
        self._tried_at = self.monotonic()
        try:
            self.send(Signal(seen=seen, seen_at=self.now(), service=self.service).model_dump_json())
        except RollcallError as fault:
            self.report(fault.code)
            return False
        return True
