"""Retention: the speed and memory of snapshotting, verifying and dropping a day, compared with DELETE."""

import json
import secrets
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rollcall.store import migrations

from workbench.bench import population
from workbench.bench.bench import Bench
from workbench.bench.database import BenchDatabase
from workbench.bench.figures import Figure, Target
from workbench.bench.plan import Plan
from workbench.bench.reset import forget_events
from workbench.checkout import here
from workbench.errors import WorkbenchError

SECTION = "retention"
DAYS_AGO = 20
MEMORY = Target("lower", 256)
MEGABYTE = 1_000_000

FILL = f"""
with made as (
    insert into rollcall.progress_events
    select
        {population.SQL_ORG_ID}, {population.SQL_USER_ID},
        '{{day}}'::timestamptz + random() * interval '23 hours', gen_random_uuid(), now(), null,
        'progressed', 30, 50, {population.SQL_COURSE_ID}, {population.SQL_LESSON_ID}, '{{{{"score": 7}}}}'
    from generate_series(0, {{learners}}) as learner
    cross join generate_series(0, 7) as lesson
    returning org_id, event_id, occurred_at
)
insert into rollcall.progress_identities
select org_id, event_id, occurred_at, uuid_send(event_id) from made
"""  # noqa: S608 - numbers and names of ours


FOLD = "select outcome from rollcall.fold_events_v1('{org_id}', 'progress', null, 60, 100000000)"


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return len(sizes(plan)) + 2


def sizes(plan: Plan) -> list[int]:
    """Return two numbers of rows for a day: four times as many rows must not need more memory."""
    return [plan.copy_rows, 4 * plan.copy_rows]


def measure(bench: Bench) -> list[Figure]:
    """Expire days of two sizes, then drop and delete the smaller one without a snapshot."""
    password = secrets.token_urlsafe(24)
    migrations.allow_login(bench.database.conninfo, "rollcall_ops", password)
    figures: list[Figure] = []
    for number, rows in enumerate(sizes(bench.plan)):
        day = datetime.now(UTC).date() - timedelta(days=DAYS_AGO - number)
        stored = _fill(bench.database, day, rows)
        result = _retain(bench, password, day)
        if result["rows"] != stored:
            raise WorkbenchError(f"Retention wrote {result['rows']} rows of {stored}: {result}.")
        figures += _figures(result)
        bench.step(f"{SECTION}: {stored:,} rows")
    return figures + _drop_and_delete(bench)


def _figures(result: dict[str, Any]) -> list[Figure]:
    size = f"{result['rows']:,} rows"
    rate = result["content_bytes"] / MEGABYTE / result["seconds"]
    detail = {"object_bytes": result["object_bytes"], "content_bytes": result["content_bytes"]}
    return [
        Figure(SECTION, f"{size}: written, read back, dropped", "MB/s of lines", [rate], detail=detail),
        Figure(SECTION, f"{size}: the same", "rows/s", [result["rows"] / result["seconds"]]),
        Figure(SECTION, f"{size}: memory of the process", "MB", [result["memory_bytes"] / MEGABYTE], MEMORY),
    ]


def _fill(database: BenchDatabase, day: date, rows: int) -> int:
    """Store a day of events, mark them as folded, and return their number."""
    forget_events(database)
    database.run(
        FILL.format(day=day, learners=rows // 8),
        "insert into rollcall.organisations select distinct org_id, now() from rollcall.progress_events"
        " on conflict do nothing",
        f"vacuum analyze rollcall.progress_events_{day:%Y%m%d}",
    )
    for organisation in range(population.ORGANISATIONS):
        database.ask(FOLD.format(org_id=population.org_id(organisation)))
    return int(database.ask("select count(*) from rollcall.progress_events"))


def _retain(bench: Bench, password: str, day: date) -> dict[str, Any]:
    folder = bench.scratch / f"snapshots-{day}"
    last = (day + timedelta(days=1)).isoformat()
    command = [
        sys.executable,
        "-m",
        "workbench.bench.retention_setup",
        str(bench.database.port),
        password,
        str(folder),
        last,
    ]
    done = subprocess.run(command, cwd=here().root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WorkbenchError(f"Retention failed: {done.stderr[-500:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _drop_and_delete(bench: Bench) -> list[Figure]:
    """Remove the same day by DROP of its partition, and by DELETE with the VACUUM that it needs."""
    day = datetime.now(UTC).date() - timedelta(days=DAYS_AGO - 5)
    partition = f"rollcall.progress_events_{day:%Y%m%d}"
    ways = {
        "DELETE and VACUUM": [f"delete from {partition}", f"vacuum {partition}"],  # noqa: S608 - a name of ours
        "DROP": [f"drop table {partition}"],
    }
    figures = []
    for way, statements in ways.items():
        rows = _fill(bench.database, day, bench.plan.copy_rows)
        wal_before = bench.database.ask("select pg_current_wal_lsn() - '0/0'")
        started_at = time.monotonic()
        bench.database.run(*statements)
        milliseconds = 1000 * (time.monotonic() - started_at)
        wal = float(bench.database.ask("select pg_current_wal_lsn() - '0/0'") - wal_before) / MEGABYTE
        figures.append(
            Figure(SECTION, f"{way} of {rows:,} rows", "ms", [milliseconds], detail={"wal_mb": round(wal, 2)})
        )
        bench.step(f"{SECTION}: {way}")
    return figures
