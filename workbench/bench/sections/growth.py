"""Growth: whether stored rows slow down ingest."""

from workbench.bench.bench import Bench
from workbench.bench.figures import Figure, Target
from workbench.bench.fill import DAYS, EVENTS_PER_LEARNER, fill_events, fill_projections
from workbench.bench.plan import Plan
from workbench.bench.reset import forget_events

SECTION = "growth"
EVENTS = 25
TARGET = Target("higher", 0.8)


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return len(plan.stored) * (DAYS + 1 + plan.rounds)


def measure(bench: Bench) -> list[Figure]:
    """Fill the database to each level in turn, and measure the closed loop."""
    bench.database.run("truncate rollcall.lesson_progress, rollcall.course_progress")
    forget_events(bench.database)
    fill_projections(bench.database, "rollcall", 0, bench.plan.learners)
    rates: dict[int, list[float]] = {}
    learners = 0
    for stored in sorted(bench.plan.stored):
        _fill(bench, learners, stored // EVENTS_PER_LEARNER)
        learners = stored // EVENTS_PER_LEARNER
        rates[stored] = _rates(bench, stored)
    return _figures(rates)


def _fill(bench: Bench, first: int, until: int) -> None:
    fill_projections(bench.database, "rollcall", first, until - first)
    fill_events(bench.database, first, until - first, bench.step)
    bench.database.run(
        "vacuum analyze rollcall.progress_identities", "vacuum analyze rollcall.progress_events", "checkpoint"
    )


def _rates(bench: Bench, stored: int) -> list[float]:
    # After a checkpoint, PostgreSQL logs each page whole at its first change. That ends within seconds, and
    # the steady state is measured here.
    bench.closed_loop(bench.progress_function, EVENTS, bench.plan.settle_seconds)
    bench.step(f"{SECTION}: settled at {stored:,}")
    rates = []
    for _ in range(bench.plan.rounds):
        rates.append(EVENTS * bench.closed_loop(bench.progress_function, EVENTS).batches_per_second)
        bench.step(f"{SECTION}: {stored:,} rows stored")
    return rates


def _figures(rates: dict[int, list[float]]) -> list[Figure]:
    figures = [Figure(SECTION, f"{stored:,} rows stored", "events/s", of_stored) for stored, of_stored in rates.items()]
    first, *others = figures
    ratios = [
        Figure(SECTION, f"{figure.name}: ratio to {first.name}", "times", [figure.median / first.median], TARGET)
        for figure in others
    ]
    return figures + ratios
