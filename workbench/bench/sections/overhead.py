"""The handler without the database: the time of Rollcall's own code."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from uuid import UUID

from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.domain.ingest.rate import RateLimit, RateState
from rollcall.store.ingest.progress import StoredBatch

from workbench.bench.batches import BatchFile, write_batches
from workbench.bench.bench import Bench
from workbench.bench.environment import LambdaContext, check, prepare_process
from workbench.bench.figures import Figure
from workbench.bench.loops import WARM_UP_CALLS
from workbench.bench.plan import Plan
from workbench.bench.worker_processes import Turns, worker_processes_of

SECTION = "overhead"
EVENTS = (25, 100)


class InstantStore:
    """A store that accepts every event at once."""

    def ingest_progress(
        self,
        _subject: str,
        _org_ids: Iterable[UUID],
        events: list[ProgressEvent],
        _received_at: datetime,
        _limit: RateLimit | None,
    ) -> StoredBatch:
        """Return the procedure's answer without calling it."""
        return StoredBatch(["accepted"] * len(events), RateState(9, 200))


@dataclass(frozen=True)
class HandlerAlone:
    """Calls the handler with each batch, on an instant store."""

    variables: Mapping[str, str]
    batches: BatchFile

    def prepare(self, _turns: Turns) -> Callable[[float], float]:
        """Wire the store in; return a callable that returns the median of microseconds for a batch."""
        prepare_process(self.variables)
        from rollcall.edge.wiring.ingest import progress as wiring_ingest

        from functions.progress.app import handler  # after the environment is set

        wiring_ingest.progress_store = InstantStore  # type: ignore[assignment]
        content, context = self.batches.open(), LambdaContext()
        events = [json.loads(content[position]) for position in range(len(content))]

        def measure(_starts_at: float) -> float:
            microseconds = []
            for event in events:
                began = time.perf_counter_ns()
                answer = handler(event, context)
                microseconds.append((time.perf_counter_ns() - began) / 1000)
                check(answer)
            return median(microseconds[WARM_UP_CALLS:])

        return measure


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return plan.rounds * len(EVENTS)


def measure(bench: Bench) -> list[Figure]:
    """Measure microseconds for a batch, and derive those for an event."""
    medians: dict[int, list[float]] = {events: [] for events in EVENTS}
    for _ in range(bench.plan.rounds):
        for events in EVENTS:
            batches = write_batches(
                bench.scratch / "overhead.jsonl", bench.plan.learners, bench.plan.overhead_batches, events
            )
            with worker_processes_of([HandlerAlone(bench.database.function_environment, batches)]) as ready:
                medians[events] += [work.answer for work in ready.go()]
            bench.step(f"{SECTION}, {events} events a batch")
    return [
        figure
        for events in EVENTS
        for figure in (
            Figure(SECTION, f"{events} a batch: handler", "µs a batch", medians[events]),
            Figure(SECTION, f"{events} a batch: handler", "µs an event", [value / events for value in medians[events]]),
        )
    ]
