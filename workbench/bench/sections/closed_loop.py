"""Closed loop: the maximum throughput of Rollcall and of the baselines, in turn, round by round."""

from collections.abc import Callable
from functools import partial

from workbench.bench.baselines.copying import CopyRows
from workbench.bench.baselines.upserts import SCHEMA, UpsertHandler
from workbench.bench.batches import write_rows
from workbench.bench.bench import Bench
from workbench.bench.figures import Figure, Target
from workbench.bench.fill import fill_projections
from workbench.bench.loops import WARM_UP_CALLS, Callee
from workbench.bench.plan import Plan
from workbench.bench.reset import check_stored, forget_events
from workbench.bench.worker_processes import worker_processes_of

SECTION = "closed loop"
EVENTS = (25, 100)
OURS, COPY_ONE, COPY_ALL = "rollcall", "COPY, 1 client", "COPY, all clients"
AUTOCOMMIT, TRANSACTION = "upserts, autocommit", "upserts, a transaction a batch"
CONTENDERS = (OURS, COPY_ONE, COPY_ALL, AUTOCOMMIT, TRANSACTION)
TARGETS = {
    COPY_ONE: Target("higher", 0.30),
    AUTOCOMMIT: Target("higher", 10),
    TRANSACTION: Target("higher", 4),
}
BASELINE_EVENTS = "baseline.events"


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return plan.rounds * len(EVENTS) * len(CONTENDERS)


def measure(bench: Bench) -> list[Figure]:
    """Measure events in a second for every contender, at both batch sizes."""
    bench.database.run(SCHEMA)
    for schema in ("rollcall", "baseline"):
        fill_projections(bench.database, schema, 0, bench.plan.learners)
    rates: dict[tuple[str, int], list[float]] = {}
    for _ in range(bench.plan.rounds):
        for events in EVENTS:
            for name, run in _contenders(bench, events).items():
                forget_events(bench.database, BASELINE_EVENTS)
                forget_events(bench.database, BASELINE_EVENTS, schema="baseline")
                rates.setdefault((name, events), []).append(run())
                bench.step(f"{SECTION}, {events} events a batch: {name}")
    return [figure for events in EVENTS for figure in _figures(events, rates)]


def _contenders(bench: Bench, events: int) -> dict[str, Callable[[], float]]:
    conninfo = bench.database.conninfo
    return {
        OURS: partial(_events_per_second, bench, bench.progress_function, events, "rollcall.progress_identities"),
        COPY_ONE: partial(_copied_per_second, bench, events, 1),
        COPY_ALL: partial(_copied_per_second, bench, events, bench.plan.workers),
        AUTOCOMMIT: partial(
            _events_per_second, bench, UpsertHandler(conninfo, one_transaction=False), events, BASELINE_EVENTS
        ),
        TRANSACTION: partial(
            _events_per_second, bench, UpsertHandler(conninfo, one_transaction=True), events, BASELINE_EVENTS
        ),
    }


def _events_per_second(bench: Bench, callee: Callee, events: int, table: str) -> float:
    outcome = bench.closed_loop(callee, events)
    acknowledged = len(outcome.latencies_ms) + bench.plan.workers * WARM_UP_CALLS
    check_stored(bench.database, table, events * acknowledged)
    return events * outcome.batches_per_second


def _copied_per_second(bench: Bench, events: int, clients: int) -> float:
    paths = [bench.scratch / f"rows-{client}.copy" for client in range(clients)]
    rows = sum(write_rows(path, bench.plan.learners, bench.plan.copy_rows // clients, events) for path in paths)
    with worker_processes_of([CopyRows(bench.database.conninfo, path) for path in paths]) as ready:
        seconds: float = max(work.answer for work in ready.go())
    check_stored(bench.database, "rollcall.progress_events", rows)
    return rows / seconds


def _figures(events: int, rates: dict[tuple[str, int], list[float]]) -> list[Figure]:
    ours = rates[OURS, events]
    figures = [Figure(SECTION, f"{events} a batch: {name}", "events/s", rates[name, events]) for name in CONTENDERS]
    figures.append(Figure(SECTION, f"{events} a batch: {OURS}", "batches/s", [rate / events for rate in ours]))
    for name in CONTENDERS[1:]:
        ratios = [our_rate / rate for our_rate, rate in zip(ours, rates[name, events], strict=True)]
        figures.append(Figure(SECTION, f"{events} a batch: ratio to {name}", "times", ratios, TARGETS.get(name)))
    return figures
