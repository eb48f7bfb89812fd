"""One that watches goes while the next has come: on one clock, with each second of both."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Condition

import pytest
from rollcall.flows.health.monitor import MARGIN_SECONDS

from tests.unit.health.fakes import HealthRoom

RUN_SECONDS = 65
PATIENCE_SECONDS = 60  # of the test's own clock: a turn that never comes is a fault of the test


@dataclass
class Turns:
    """Runs on the clock of a room: one acts at a time, and who sleeps lets those act whose time comes before."""

    room: HealthRoom
    interval_seconds: float
    wakes: dict[int, float]  # when each run acts next: at first, when it starts
    changed: Condition = field(default_factory=Condition)

    def run_all(self) -> None:
        """Return once all have ended."""
        with ThreadPoolExecutor(len(self.wakes)) as pool:
            for ended in [pool.submit(self._run, run) for run in tuple(self.wakes)]:
                ended.result()

    def _run(self, run: int) -> None:
        with self.changed:
            self._await_turn(run)
            watch = self.room.watch(self.interval_seconds)
            watch.sleep = lambda seconds: self._sleep(run, seconds)
            end = self.room.seconds + RUN_SECONDS + MARGIN_SECONDS
            try:
                watch.run(lambda: end - self.room.seconds)
            finally:
                del self.wakes[run]
                self.changed.notify_all()

    def _sleep(self, run: int, seconds: float) -> None:
        self.wakes[run] = self.room.seconds + seconds
        self.changed.notify_all()
        self._await_turn(run)

    def _await_turn(self, run: int) -> None:
        assert self.changed.wait_for(lambda: min(self.wakes, key=self.wakes.__getitem__) == run, PATIENCE_SECONDS)
        self.room.seconds = max(self.room.seconds, self.wakes[run])


@pytest.mark.parametrize("interval_seconds", [1, 10, 30, 60])
@pytest.mark.parametrize("late_seconds", [0, 0.5, 4])
def test_no_look_is_lost_where_one_run_follows_another(interval_seconds: float, late_seconds: float) -> None:
    """One starts each minute, up to so much late, and lasts for 65 seconds: an interval from look to look, always."""
    late = random.Random(7)
    room = HealthRoom(probe_ms=20)
    starts = {minute: 60 * minute + late.uniform(0, late_seconds) for minute in range(10)}
    Turns(room, interval_seconds, starts).run_all()
    moments = [published.health.measured_at for _, _, published in room.pushed]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    assert interval_seconds - 0.001 < min(gaps)
    assert max(gaps) < interval_seconds + 1
    assert sum(gaps) > 600 - interval_seconds
