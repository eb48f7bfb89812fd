"""Writes plans.txt: the output of EXPLAIN (ANALYZE, BUFFERS) for the statements inside the procedure.

PostgreSQL cannot explain statements within a function, and the embedded server lacks auto_explain. So each statement is
read from its file, prepared with the function's parameters, and planned as within the function.
"""

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from workbench.bench import population
from workbench.bench.batches import make_events
from workbench.bench.bench import Bench
from workbench.bench.figures import Figure
from workbench.bench.fill import DAYS, EVENTS_PER_LEARNER, fill_events, fill_projections
from workbench.bench.plan import Plan
from workbench.checkout import here

SECTION = "plans"
EVENTS = 25
LEARNER = 7
RUNS = 5
EXECUTION_TIME = re.compile(r"Execution Time: ([\d.]+) ms")
INTO = re.compile(r"\binto\s++(?:v_\w++|outcomes)(?:(?!\bfrom\b)[^;])*+(?=\bfrom\b)", re.DOTALL)


@dataclass(frozen=True)
class Statement:
    """A statement in a procedure: its beginning, and its parameters with their types."""

    name: str
    procedure: str
    begins: str
    parameters: Mapping[str, str]


STATEMENTS = (
    Statement(
        "store the batch",
        "ingest_progress_v1",
        "with incoming",
        {"p_events": "jsonb", "p_org_ids": "uuid[]", "p_received_at": "timestamptz"},
    ),
    Statement(
        "move the courses",
        "move_course_progress_v1",
        "insert into course_progress",
        {"p_org_ids": "uuid[]", "p_user_ids": "uuid[]", "p_course_ids": "text[]"},
    ),
)


def steps(_plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return DAYS + len(STATEMENTS)


def measure(bench: Bench) -> list[Figure]:
    """Fill the database to the first level of growth, and explain each statement for 25 events."""
    learners = max(LEARNER + 1, min(bench.plan.stored) // EVENTS_PER_LEARNER)
    bench.database.run("truncate rollcall.progress_events, rollcall.progress_identities")
    fill_projections(bench.database, "rollcall", 0, learners)
    fill_events(bench.database, 0, learners, bench.step)
    bench.database.run("vacuum analyze")
    figures, texts = [], []
    for statement in STATEMENTS:
        times, plan = _explain(bench.database.conninfo, statement)
        figures.append(Figure(SECTION, f"{EVENTS} a batch: {statement.name}", "ms", times))
        texts.append(f"{statement.procedure}: {statement.name}\n\n{plan}\n")
        bench.step(f"{SECTION}: {statement.name}")
    (bench.home / "plans.txt").write_text("\n".join(texts))
    return figures


def _explain(conninfo: str, statement: Statement) -> tuple[list[float], str]:
    """Explain a statement a few times, each time in a rolled-back transaction; return times and last plan."""
    times, plan = [], ""
    with psycopg.connect(conninfo) as connection:
        connection.execute("set role rollcall_owner")
        connection.execute("set search_path = rollcall, pg_temp")
        connection.execute("set plan_cache_mode = force_generic_plan")
        connection.execute("set enable_seqscan = off")
        connection.execute(_prepare(statement))
        connection.commit()
        for _ in range(RUNS):
            plan = _explain_once(connection, statement)
            times += [float(time) for time in EXECUTION_TIME.findall(plan)]
            connection.rollback()
    return times, plan


def _explain_once(connection: psycopg.Connection[Any], statement: Statement) -> str:
    values = _values()
    connection.execute("select set_config('rollcall.org_ids', %s, true)", (f"{{{population.org_id(LEARNER)}}}",))
    arguments = sql.SQL(", ").join(sql.Literal(values[name]) for name in statement.parameters)
    explain = sql.SQL("explain (analyze, buffers, costs off) execute explained ({})").format(arguments)
    return "\n".join(line for (line,) in connection.execute(explain).fetchall())


def _prepare(statement: Statement) -> bytes:
    text = re.sub(r"--.*", "", next((here().schema / "procedures").rglob(f"{statement.procedure}.sql")).read_text())
    begin = text.index(statement.begins)
    body = INTO.sub("", text[begin : text.index(";", begin)])
    for place, name in enumerate(statement.parameters, 1):
        body = re.sub(rf"\b{name}\b", f"${place}", body)
    types = ", ".join(statement.parameters.values())
    return f"prepare explained ({types}) as {body}".encode()


def _values() -> dict[str, Any]:
    now = datetime.now(UTC)
    events = list(make_events(LEARNER, EVENTS, now, random.Random()))
    courses = sorted({event["course_id"] for event in events})
    return {
        "p_events": json.dumps(events),
        "p_org_ids": f"{{{','.join([population.org_id(LEARNER)] * len(courses))}}}",
        "p_received_at": now,
        "p_user_ids": f"{{{','.join([population.user_id(LEARNER)] * len(courses))}}}",
        "p_course_ids": f"{{{','.join(courses)}}}",
    }
