"""Open loop: 5,000 learners who each send every 10 seconds, regardless of the latency."""

import random

from workbench.bench.bench import Bench, Outcome
from workbench.bench.figures import Figure, Target, percentile
from workbench.bench.fill import fill_projections
from workbench.bench.plan import Plan
from workbench.bench.reset import forget_events

SECTION = "open loop"
EVENTS = (10, 25)
TARGET_P95 = {25: Target("lower", 10)}


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return plan.rounds * len(EVENTS)


def measure(bench: Bench) -> list[Figure]:
    """Measure latency at a fixed rate, with both batch sizes in turn."""
    outcomes: dict[int, list[Outcome]] = {events: [] for events in EVENTS}
    fill_projections(bench.database, "rollcall", 0, bench.plan.learners)
    for _ in range(bench.plan.rounds):
        for events in EVENTS:
            forget_events(bench.database)
            outcomes[events].append(bench.open_loop(bench.progress_function, events, due_times(bench.plan)))
            bench.step(f"{SECTION}, {events} events a batch")
    return [figure for events in EVENTS for figure in _figures(bench.plan, events, outcomes[events])]


def due_times(plan: Plan) -> list[float]:
    """Return the times of batches: each learner begins at its own time, and sends again every period."""
    period = plan.learners / plan.batches_per_second
    phases = [random.uniform(0, period) for _ in range(plan.learners)]
    repeats = range(int(plan.open_seconds / period) + 1)
    times = sorted(phase + period * repeat for repeat in repeats for phase in phases)
    return [time for time in times if time < plan.open_seconds]


def _figures(plan: Plan, events: int, outcomes: list[Outcome]) -> list[Figure]:
    prefix = f"{plan.batches_per_second} batches/s of {events}"
    latencies = [
        Figure(
            SECTION,
            f"{prefix}: P{percent}",
            "ms",
            [percentile(outcome.latencies_ms, percent) for outcome in outcomes],
            TARGET_P95.get(events) if percent == 95 else None,  # noqa: PLR2004
        )
        for percent in (50, 95, 99)
    ]
    cpu = [outcome.cpu_ms_a_batch() for outcome in outcomes]
    return [
        *latencies,
        Figure(SECTION, f"{prefix}: late", "% of batches", [_late_percent(outcome) for outcome in outcomes]),
        Figure(SECTION, f"{prefix}: client CPU", "ms a batch", [part["client_cpu_ms"] for part in cpu]),
        Figure(SECTION, f"{prefix}: PostgreSQL CPU", "ms a batch", [part["database_cpu_ms"] for part in cpu]),
    ]


def _late_percent(outcome: Outcome) -> float:
    return 100 * outcome.late / len(outcome.latencies_ms)
