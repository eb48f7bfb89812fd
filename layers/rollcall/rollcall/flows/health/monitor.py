"""Monitor health: measure again and again, store each state, and push changes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from rollcall.contracts.health.advice import Advice
from rollcall.contracts.health.health import HealthState, HealthTransition, StoredHealth
from rollcall.contracts.sockets.connection import Connection
from rollcall.domain.health.status import is_stale
from rollcall.errors import QueueUnavailable, RollcallError, StoreUnavailable, TableUnavailable
from rollcall.flows.health.compose import ComposeHealth
from rollcall.flows.health.measure import MeasureHealth

PROBE_SECONDS = 1.0
MARGIN_SECONDS = 25.0  # of a function's time, left for the last measurement to end, however slow the database is
WRITE_TRIES = 4
# No measurement takes so long. A stored state that is so much newer comes from a wrong clock, and is overwritten.
LOOK_MAX = timedelta(seconds=90)


class HealthTable(Protocol):
    """The table of health; each method raises TableUnavailable."""

    def kept(self) -> StoredHealth:
        """Return the latest state, and its version."""

    def write(self, published: HealthState) -> bool:
        """Write the next state; return whether no other writer was first."""

    def note_transition(self, transition: HealthTransition) -> None:
        """Store a change of status. Safe to repeat."""


class Publisher(Protocol):
    """Pushes to sockets; each method raises QueueUnavailable."""

    def publish(self, before: HealthState | None, after: HealthState) -> object:
        """Push a change."""

    def heartbeat(self, published: HealthState) -> object:
        """Push that nothing changed."""


class AdviceStore(Protocol):
    """Stores advice for ingest; raises StoreUnavailable."""

    def write(self, advice: Advice, backlog: int | None) -> object:
        """Store the advice for clients, and the backlog."""


@dataclass
class HealthMonitor:
    """The flow, with the IO it was given.

    `connections` raises TableUnavailable. `on_written` is called with each written state, `report` with each fault.
    `monotonic` and `sleep` are in seconds. After `stale_after` without a measurement clients get `health_unknown`, and
    the next state is pushed to them whole.
    """

    table: HealthTable
    measure: MeasureHealth
    composing: ComposeHealth
    connections: Callable[[], Iterable[Connection]]
    publisher: Publisher
    advice: AdviceStore
    on_written: Callable[[HealthState], object]
    report: Callable[[RollcallError], object]
    interval_seconds: float
    stale_after: timedelta
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], object]
    _is_reachable: bool | None = None
    _noted: datetime | None = None
    _org_ids: frozenset[UUID] = field(default_factory=frozenset)

    def run(self, remaining_seconds: Callable[[], float]) -> int:
        """Measure at each interval, and when the database goes or comes, until little time is left; return how often.

        Between two measurements the database is only probed. When two invocations overlap, the first for which a
        measurement is due makes it. The other one waits for the next due time, because the first may have ended then.
        """
        looks = 0
        seen: bool | None = None
        while remaining_seconds() > MARGIN_SECONDS:
            due_in = 0 if seen is not None else self._due_in()
            if due_in <= 0:
                self.look(is_reachable=seen)
                looks += 1
                due_in = self.interval_seconds
            seen = self._wait(self.monotonic() + due_in, remaining_seconds)
        return looks

    def answer(self) -> bool:
        """Probe the database after a signal, measure if its state changed, and return whether it did.

        A signal that reports the known state is ignored, so a burst of signals causes neither measurements nor pushes.
        """
        is_reachable = self.measure.probe()
        if self._due_in() > 0 and self._is_reachable == is_reachable:
            return False
        self.look(is_reachable=is_reachable)
        return True

    def look(self, *, is_reachable: bool | None = None) -> HealthState | None:
        """Measure once, store, push. Return the stored state, or None if storing failed or a newer state exists.

        `is_reachable` is the result of a probe made just before, or None without one.
        """
        # While the database is away, skip the read of subscriptions: sockets should get the change at once.
        org_ids = self._subscribed() if is_reachable is not False else self._org_ids
        seen = self.measure.look(org_ids, is_reachable=is_reachable)
        self._is_reachable = seen.is_reachable
        try:
            for _ in range(WRITE_TRIES):
                kept = self.table.kept()
                before = kept.published
                if before is not None and timedelta() <= before.health.measured_at - seen.seen_at < LOOK_MAX:
                    self._is_reachable = before.health.database.is_reachable
                    return None
                after = self.composing.compose(before, seen, kept.version)
                if self.table.write(after):
                    self._publish(before, after)
                    return after
        except TableUnavailable as fault:
            self.report(fault)
        return None

    def _due_in(self) -> float:
        """Return in how many seconds a measurement is due, by any invocation; 0 or less means now.

        Until then, probes compare the database with the stored state.
        """
        try:
            kept = self.table.kept().published
        except TableUnavailable as fault:
            self.report(fault)
            return 0
        if kept is None:
            return 0
        due_in = self.interval_seconds - abs((self.now() - kept.health.measured_at).total_seconds())
        if due_in > 0:
            self._is_reachable = kept.health.database.is_reachable
        return due_in

    def _wait(self, until: float, remaining_seconds: Callable[[], float]) -> bool | None:
        """Probe until that time. Return at once the result of a probe that differs from the known state, else None."""
        while remaining_seconds() > MARGIN_SECONDS:
            left = until - self.monotonic()
            if left <= 0:
                return None
            self.sleep(min(PROBE_SECONDS, left))
            if left > PROBE_SECONDS and (is_reachable := self.measure.probe()) != self._is_reachable:
                return is_reachable
        return None

    def _publish(self, before: HealthState | None, after: HealthState) -> None:
        self.on_written(after)
        known = None if before is None or is_stale(before, self.now(), self.stale_after) else before
        try:
            if known is None or known.health.sequence != after.health.sequence:
                self.publisher.publish(known, after)
            else:
                self.publisher.heartbeat(after)
        except QueueUnavailable as fault:
            # Clients detect the gap when the next message arrives.
            self.report(fault)
        self._note(after)
        self._advise(after)

    def _note(self, after: HealthState) -> None:
        """Store the latest transition, also when the invocation that wrote it could not store it."""
        transition = after.state.transition
        if transition is None or transition.at == self._noted:
            return
        try:
            self.table.note_transition(transition)
        except TableUnavailable as fault:
            self.report(fault)
        else:
            self._noted = transition.at

    def _advise(self, after: HealthState) -> None:
        # At each measurement, changed or not: advice that is not renewed becomes stale.
        if not after.health.database.is_reachable:
            return
        try:
            self.advice.write(after.health.advice, after.health.offlineQueue.backlog)
        except StoreUnavailable as fault:
            self.report(fault)

    def _subscribed(self) -> frozenset[UUID]:
        """Return the organisations that sockets subscribed to, or the last known ones while the table is away."""
        try:
            self._org_ids = frozenset(
                org_id
                for connection in self.connections()
                if "organisations" in connection.topics
                for org_id in connection.org_ids
            )
        except TableUnavailable as fault:
            self.report(fault)
        return self._org_ids
