"""A run of the bench: the parts that its sections share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from workbench.bench import batches
from workbench.bench.batches import BatchFile
from workbench.bench.database import BenchDatabase
from workbench.bench.environment import ProgressFunction
from workbench.bench.figures import Figure
from workbench.bench.loops import WARM_UP_CALLS, Callee, ClosedLoop, Load, OpenLoop, Run
from workbench.bench.plan import Plan
from workbench.bench.worker_processes import Task, Work, worker_processes_of


@dataclass(frozen=True)
class Outcome:
    """The result of a loop, over all its processes."""

    latencies_ms: list[float]
    late: int
    seconds: float
    client_cpu_seconds: float
    database_cpu_seconds: float

    @property
    def batches_per_second(self) -> float:
        """Batches answered, by the time until the last answer."""
        return len(self.latencies_ms) / self.seconds

    def cpu_ms_a_batch(self) -> dict[str, float]:
        """Return the processor time of a batch, by process."""
        count = max(1, len(self.latencies_ms))
        return {
            "client_cpu_ms": round(1000 * self.client_cpu_seconds / count, 3),
            "database_cpu_ms": round(1000 * self.database_cpu_seconds / count, 3),
        }


@dataclass(frozen=True)
class Bench:
    """A plan with its database, its folders for kept and temporary files, and the progress display."""

    plan: Plan
    database: BenchDatabase
    home: Path
    scratch: Path
    step: Callable[[str], None]

    @cached_property
    def progress_function(self) -> ProgressFunction:
        """Rollcall's handler."""
        return ProgressFunction(self.database.function_environment)

    def closed_loop(self, callee: Callee, events: int, seconds: float | None = None) -> Outcome:
        """Drive a callee as fast as it answers."""
        seconds = seconds or self.plan.round_seconds
        prepared = self._write("batches", self.plan.batches_for(seconds, events), events)
        return self._run([ClosedLoop(load, seconds) for load in self._loads(callee, prepared, events)])

    def open_loop(self, callee: Callee, events: int, due_seconds: list[float]) -> Outcome:
        """Send a batch to a callee at each of these times."""
        prepared = self._write("batches", len(due_seconds), events)
        return self._run([OpenLoop(load, due_seconds) for load in self._loads(callee, prepared, events)])

    def _loads(self, callee: Callee, prepared: BatchFile, events: int) -> list[Load]:
        warm_up = self._write("warm-up", self.plan.workers * WARM_UP_CALLS, events)
        return [Load(callee, prepared, warm_up, seat) for seat in range(self.plan.workers)]

    def _write(self, name: str, count: int, events: int) -> BatchFile:
        return batches.write_batches(self.scratch / f"{name}.jsonl", self.plan.learners, count, events)

    def _run(self, tasks: list[Task]) -> Outcome:
        with worker_processes_of(tasks) as ready:
            cpu_before = self.database.cpu_seconds()
            works = ready.go()
            database_cpu_seconds = self.database.cpu_seconds() - cpu_before
        return _together(works, database_cpu_seconds)


def _together(works: list[Work], database_cpu_seconds: float) -> Outcome:
    runs: list[Run] = [work.answer for work in works]
    return Outcome(
        latencies_ms=[latency for run in runs for latency in run.latencies_ms],
        late=sum(run.late for run in runs),
        seconds=max(run.seconds for run in runs),
        client_cpu_seconds=sum(work.cpu_seconds for work in works),
        database_cpu_seconds=database_cpu_seconds,
    )


class Section(Protocol):
    """One part of the bench."""

    def steps(self, plan: Plan) -> int:
        """Return the number of steps for the progress display."""

    def measure(self, bench: Bench) -> list[Figure]:
        """Measure."""
