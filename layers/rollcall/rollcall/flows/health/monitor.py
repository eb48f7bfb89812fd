"""Watch health: look again and again, keep what was found, and have it pushed when it is news."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from rollcall.contracts.health.advice import Advice
from rollcall.contracts.health.health import HealthTransition, Kept, Published
from rollcall.contracts.sockets.connection import Connection
from rollcall.domain.health.status import is_stale
from rollcall.errors import QueueUnavailable, RollcallError, StoreUnavailable, TableUnavailable
from rollcall.flows.health.compose import ComposeHealth
from rollcall.flows.health.measure import MeasureHealth

PROBE_SECONDS = 1.0
MARGIN_SECONDS = 25.0  # of a function's time that is left for the last look to end in, however slow the database
WRITE_TRIES = 4
# No look takes so long: what was measured so much later was measured by a clock that is wrong, and holds up nobody.
LOOK_MAX = timedelta(seconds=90)


class HealthTable(Protocol):
    """Keeps health; each raises TableUnavailable."""

    def kept(self) -> Kept:
        """Return what was written last, and its version."""

    def write(self, published: Published) -> bool:
        """Write what follows; tell whether nobody else was first."""

    def note_transition(self, transition: HealthTransition) -> None:
        """Keep a change of status; twice is once."""


class Publisher(Protocol):
    """Tells sockets; each raises QueueUnavailable."""

    def publish(self, before: Published | None, after: Published) -> object:
        """Tell what changed."""

    def heartbeat(self, published: Published) -> object:
        """Tell that nothing did."""


class AdviceStore(Protocol):
    """Tells ingestion; raises StoreUnavailable."""

    def write(self, advice: Advice, backlog: int | None) -> object:
        """Keep what clients are advised, and how much waits."""


@dataclass
class WatchHealth:
    """The flow, with the IO it was given.

    `connections` raises TableUnavailable; `told` hears of each snapshot that was written, `report` of what failed, by
    its code. `monotonic` is in seconds, as `sleep` takes them. After `stale_after` without a look, clients are answered
    `health_unknown`: the next look is pushed to them whole.
    """

    table: HealthTable
    measure: MeasureHealth
    composing: ComposeHealth
    connections: Callable[[], Iterable[Connection]]
    publisher: Publisher
    advice: AdviceStore
    told: Callable[[Published], object]
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
        """Look each interval, and at once when the database goes or comes, until little time is left; return how often.

        Between two looks the database is probed, and nothing is held meanwhile. Where two watch at a time, as when one
        goes and the next comes, a look is made by whichever it is due for first; the other one waits until the look
        after it is due, since whoever looked may be gone by then.
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
        """Test what a function saw, look where that is news, and tell whether it was.

        What is known is nobody's news: a storm of signals is none of looks, and none of messages to sockets.
        """
        is_reachable = self.measure.probe()
        if self._due_in() > 0 and self._is_reachable == is_reachable:
            return False
        self.look(is_reachable=is_reachable)
        return True

    def look(self, *, is_reachable: bool | None = None) -> Published | None:
        """Look once: measure, keep, push. Return what was kept, None where it could not be, or somebody knows better.

        `is_reachable` is what a probe has told just now; None: none was made.
        """
        # While the database is away nothing is asked of organisations, and whoever waits should hear at once.
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
                    self._tell(before, after)
                    return after
        except TableUnavailable as fault:
            self.report(fault)
        return None

    def _due_in(self) -> float:
        """Return in how many seconds a look is due: an interval after the last one, whoever made it; 0 or less: now.

        Until then a probe tests what they found.
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
        """Probe until then; return what the last probe told, if it is another thing than before: then at once."""
        while remaining_seconds() > MARGIN_SECONDS:
            left = until - self.monotonic()
            if left <= 0:
                return None
            self.sleep(min(PROBE_SECONDS, left))
            if left > PROBE_SECONDS and (is_reachable := self.measure.probe()) != self._is_reachable:
                return is_reachable
        return None

    def _tell(self, before: Published | None, after: Published) -> None:
        self.told(after)
        known = None if before is None or is_stale(before, self.now(), self.stale_after) else before
        try:
            if known is None or known.health.sequence != after.health.sequence:
                self.publisher.publish(known, after)
            else:
                self.publisher.heartbeat(after)
        except QueueUnavailable as fault:
            # Clients notice the gap with the next message that reaches them.
            self.report(fault)
        self._note(after)
        self._advise(after)

    def _note(self, after: Published) -> None:
        """Keep the latest transition, also one that whoever wrote it was kept from noting."""
        transition = after.state.transition
        if transition is None or transition.at == self._noted:
            return
        try:
            self.table.note_transition(transition)
        except TableUnavailable as fault:
            self.report(fault)
        else:
            self._noted = transition.at

    def _advise(self, after: Published) -> None:
        # With each look, changed or not: what nobody renews goes stale.
        if not after.health.database.is_reachable:
            return
        try:
            self.advice.write(after.health.advice, after.health.offlineQueue.backlog)
        except StoreUnavailable as fault:
            self.report(fault)

    def _subscribed(self) -> frozenset[UUID]:
        """Return the organisations that some socket watches; the last that were known, where nobody can tell."""
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
