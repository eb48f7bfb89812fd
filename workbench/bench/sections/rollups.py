"""Rollups: how fast workers fold events and compute days again, and their lag behind live ingest."""

import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from rollcall.flows.rollups import CHUNK_EVENTS
from rollcall.store import migrations
from rollcall.store.connection import Database, DatabaseAddress
from rollcall.store.rollups.rollups import RollupStore

from workbench.bench import population, rollup_workers
from workbench.bench.bench import Bench
from workbench.bench.figures import Figure, Target, percentile
from workbench.bench.fill import DAYS, fill_projections
from workbench.bench.plan import Plan
from workbench.bench.reset import forget_events
from workbench.bench.rollup_events import fill_stream, forget_rollups
from workbench.bench.rollup_workers import DeployedWorkers, RunStats
from workbench.bench.sections.open_loop import due_times
from workbench.bench.sections.replay import ROLE
from workbench.errors import WorkbenchError
from workbench.stack.ports import LOOPBACK
from workbench.stack.postgres import DATABASE

SECTION = "rollups"
WORKERS = (1, 2, 4)
CORES = os.cpu_count() or 1
EVENTS = 25
ONE_WORKER = Target("higher", 200_000)
REBUILD_EVENTS, REBUILD_SECONDS = 10_000_000, 60
LAG = Target("lower", 5)
SAMPLE_SECONDS = 0.25
SETTLE_SECONDS = 1
ANSWER_SECONDS = 120
ORGANISATIONS = [UUID(population.org_id(number)) for number in range(population.ORGANISATIONS)]


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return DAYS + plan.rounds * len(WORKERS) + 2


def measure(bench: Bench) -> list[Figure]:
    """Fold and rebuild the largest level of growth, then fold while batches arrive."""
    stored = fill_stream(bench.database, max(bench.plan.stored), bench.plan.learners, bench.step)
    with _stores(bench, max(WORKERS)) as stores:
        figures = [*_folding(bench, stores, stored), _rebuilding(stores[:CORES], stored)]
        bench.step(f"{SECTION}: rebuilt")
        figures.append(_lag(bench, stores[:CORES], stores[CORES]))
        bench.step(f"{SECTION}: lag")
    return figures


@contextmanager
def _stores(bench: Bench, number: int) -> Iterator[list[RollupStore]]:
    password = secrets.token_urlsafe(24)
    migrations.allow_login(bench.database.conninfo, ROLE, password)
    address = DatabaseAddress(LOOPBACK, bench.database.port, DATABASE, "disable", lambda: (ROLE, password))
    with ExitStack() as stack:
        databases = [stack.enter_context(closing(Database(address, ANSWER_SECONDS))) for _ in range(number)]
        yield [RollupStore(database) for database in databases]


def _folding(bench: Bench, stores: list[RollupStore], stored: int) -> list[Figure]:
    runs: dict[int, list[RunStats]] = {workers: [] for workers in WORKERS}
    for _ in range(bench.plan.rounds):
        for workers in WORKERS:
            forget_rollups(bench.database)
            runs[workers].append(_whole(rollup_workers.fold(stores[:workers], ORGANISATIONS), stored))
            bench.step(f"{SECTION}: folded by {workers}")
    return [
        *(
            Figure(
                SECTION,
                f"folding, {CHUNK_EVENTS:,} a chunk: {workers} {'worker' if workers == 1 else 'workers'}",
                "events/s",
                [stored / run.seconds for run in runs[workers]],
                ONE_WORKER if workers == 1 else None,
            )
            for workers in WORKERS
        ),
        *(
            Figure(SECTION, f"a chunk: P{percent}", "ms", [percentile(run.calls_ms, percent) for run in runs[1]])
            for percent in (50, 95)
        ),
    ]


def _rebuilding(stores: list[RollupStore], stored: int) -> Figure:
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=ago) for ago in range(DAYS + 2)]
    run = _whole(rollup_workers.rebuild(stores, ORGANISATIONS, days), stored)
    target = Target("lower", REBUILD_SECONDS * stored / REBUILD_EVENTS)
    return Figure(SECTION, f"{stored:,} events rebuilt, {len(stores)} workers", "s", [run.seconds], target)


def _whole(run: RunStats, stored: int) -> RunStats:
    if run.events != stored:
        raise WorkbenchError(f"{run.events} events were counted of {stored}.")
    return run


def _lag(bench: Bench, stores: list[RollupStore], watcher: RollupStore) -> Figure:
    """Fold as deployed while batches arrive, and sample the age of the oldest event that waits."""
    forget_events(bench.database)
    forget_rollups(bench.database)
    fill_projections(bench.database, "rollcall", 0, bench.plan.learners)
    workers = DeployedWorkers(stores)
    lags: list[float] = []

    def watch() -> None:
        # From the first dispatch that finds all organisations on: earlier samples would measure the schedule.
        while watcher.lag_seconds() is None and not workers.ends:
            time.sleep(SAMPLE_SECONDS)
        time.sleep(SETTLE_SECONDS)
        workers.dispatch(watcher)
        time.sleep(SETTLE_SECONDS)
        while not workers.ends:
            lags.append(watcher.lag_seconds() or 0)
            time.sleep(SAMPLE_SECONDS)

    threads = [threading.Thread(target=workers.run), threading.Thread(target=watch)]
    for thread in threads:
        thread.start()
    try:
        bench.open_loop(bench.progress_function, EVENTS, due_times(bench.plan))
    finally:
        workers.end()
        for thread in threads:
            thread.join()
    name = f"lag under {bench.plan.batches_per_second} batches/s of {EVENTS}, {len(stores)} workers: P95"
    return Figure(SECTION, name, "s", [percentile(lags, 95)], LAG, {"median": percentile(lags, 50), "max": max(lags)})
