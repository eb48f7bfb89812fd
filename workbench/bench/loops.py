"""The two kinds of load: as fast as the callee answers (closed loop), or at fixed times (open loop)."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from workbench.bench.batches import BatchFile
from workbench.bench.worker_processes import Turns

WARM_UP_CALLS = 5
LATE_SECONDS = 0.001

Call = Callable[[bytes], None]
"""Processes one prepared batch; raises unless all of it was accepted."""


class Callee(Protocol):
    """The measured code. It is pickled, sent to its process, and connects there."""

    def open(self, seat: int) -> Call:
        """Build the callee in the process that runs it. Processes are numbered from 0."""


@dataclass
class Run:
    """The result of one process. Times are monotonic seconds, comparable between processes."""

    latencies_ms: list[float] = field(default_factory=list)
    late: int = 0
    ended_at: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Load:
    """The callee and the batches of one process. Its first few batches warm it up."""

    callee: Callee
    batches: BatchFile
    warm_up: BatchFile
    seat: int

    def open(self) -> Call:
        """Build the callee and warm it up."""
        call, batches = self.callee.open(self.seat), self.warm_up.open()
        for turn in range(WARM_UP_CALLS):
            call(batches[self.seat * WARM_UP_CALLS + turn])
        return call


@dataclass(frozen=True)
class ClosedLoop:
    """Send the next batch when the last one is answered, until the time is up."""

    load: Load
    seconds: float

    def prepare(self, turns: Turns) -> Callable[[float], Run]:
        """Warm up; return the loop."""
        call, batches = self.load.open(), self.load.batches.open()

        def loop(starts_at: float) -> Run:
            run = Run()
            sleep_until(starts_at)
            began = starts_at
            while began < starts_at + self.seconds and (turn := turns.take()) < len(batches):
                call(batches[turn])
                ended = time.monotonic()
                run.latencies_ms.append(1000 * (ended - began))
                began = ended
            run.ended_at, run.seconds = began, began - starts_at
            return run

        return loop


@dataclass(frozen=True)
class OpenLoop:
    """Send each batch at its fixed time, or when a process is free later. Its latency counts from the fixed time.

    So a slow answer does not hide the wait of the batches behind it (coordinated omission).
    """

    load: Load
    due_seconds: Sequence[float]

    def prepare(self, turns: Turns) -> Callable[[float], Run]:
        """Warm up; return the loop."""
        call, batches = self.load.open(), self.load.batches.open()

        def loop(starts_at: float) -> Run:
            run = Run()
            while (turn := turns.take()) < len(self.due_seconds):
                due_at = starts_at + self.due_seconds[turn]
                sleep_until(due_at)
                run.late += time.monotonic() - due_at > LATE_SECONDS
                call(batches[turn])
                run.ended_at = time.monotonic()
                run.latencies_ms.append(1000 * (run.ended_at - due_at))
            run.seconds = run.ended_at - starts_at
            return run

        return loop


def sleep_until(moment: float) -> None:
    """Sleep until a monotonic time, if it has not passed."""
    if (seconds := moment - time.monotonic()) > 0:
        time.sleep(seconds)
