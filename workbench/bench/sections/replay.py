"""Replay: how fast one worker rebuilds projections, and how fast it checks projections that are correct."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from rollcall.contracts.operations import OperationMessage, OperationRequest
from rollcall.flows.operations.work import OperationWorker
from rollcall.flows.replay.steps import replay_events
from rollcall.store import migrations
from rollcall.store.connection import Database, DatabaseAddress
from rollcall.store.operations import OperationStore

from workbench.bench import population
from workbench.bench.bench import Bench
from workbench.bench.database import BenchDatabase
from workbench.bench.figures import Figure
from workbench.bench.fill import DAYS, EVENTS_PER_LEARNER, fill_events
from workbench.bench.plan import Plan
from workbench.bench.reset import forget_events
from workbench.errors import WorkbenchError
from workbench.stack.ports import LOOPBACK
from workbench.stack.postgres import DATABASE

SECTION = "replay"
ROLE = "rollcall_ops"
PROJECTIONS = "rollcall.lesson_progress, rollcall.course_progress"
MODES = ("rebuilt from nothing", "checked, all right")


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return DAYS + len(MODES) * plan.rounds


def measure(bench: Bench) -> list[Figure]:
    """Rebuild every learner of every organisation, then replay again without changes to make."""
    learners = bench.plan.copy_rows // EVENTS_PER_LEARNER
    forget_events(bench.database)
    fill_events(bench.database, 0, learners, bench.step)
    bench.database.run("vacuum analyze rollcall.progress_events")
    rates: dict[str, list[float]] = {mode: [] for mode in MODES}
    with connect_operator(bench.database) as operator:
        store = OperationStore(operator)
        for _ in range(bench.plan.rounds):
            bench.database.run(f"truncate {PROJECTIONS}", "checkpoint")
            for mode in MODES:
                rates[mode].append(_rate(store, learners))
                bench.step(f"{SECTION}: {mode}")
    return [Figure(SECTION, f"one worker: {mode}", "events/s", values) for mode, values in rates.items()]


def _rate(store: OperationStore, learners: int) -> float:
    engine = OperationWorker(store, {"replay": replay_events(store)}, time.monotonic, time.sleep, slice_seconds=3600)
    looked_at = 0
    started_at = time.monotonic()
    for organisation in range(population.ORGANISATIONS):
        looked_at += _replay(engine, store, UUID(population.org_id(organisation)))
    seconds = time.monotonic() - started_at
    if looked_at != learners:
        raise WorkbenchError(f"A replay looked at {looked_at} learners of {learners}.")
    return EVENTS_PER_LEARNER * learners / seconds


def _replay(engine: OperationWorker, store: OperationStore, org_id: UUID) -> int:
    now = datetime.now(UTC)
    window = {"from": (now - timedelta(days=DAYS + 5)).isoformat(), "to": (now + timedelta(days=1)).isoformat()}
    asked, _ = store.request(
        OperationRequest(org_id=org_id, kind="replay", source="events", parameters=window, requested_by="bench"),
        uuid4(),
    )
    worked = engine.work(OperationMessage(org_id=org_id, operation_id=asked.operation_id))
    if worked.operation is None or worked.operation.state != "done":
        raise WorkbenchError("A replay did not end.")
    return worked.operation.counts["learners"]


@contextmanager
def connect_operator(database: BenchDatabase) -> Iterator[Database]:
    """Connect as the operations role for the block."""
    password = secrets.token_urlsafe(24)
    migrations.allow_login(database.conninfo, ROLE, password)
    opened = Database(DatabaseAddress(LOOPBACK, database.port, DATABASE, "disable", lambda: (ROLE, password)), 60)
    try:
        yield opened
    finally:
        opened.close()
