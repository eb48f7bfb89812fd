"""Backfill on the deployed stack, by the command line: killed and gone on with, once, then kept as snapshots."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api
from tests.e2e.waiting import await_until
from tests.importing import analytics_line, progress_line
from workbench.commands.import_file import COUNTS
from workbench.stack.state import StackState

LINES, DAYS, CHUNK = 2_000, 6, 100
ROLLUPS = """
    select source, sum(event_count)::integer, bool_and(is_frozen)
    from rollcall.daily_rollups where org_id = %s group by 1 order by 1
"""


def history() -> list[dict[str, Any]]:
    """Return events of both kinds over some days of last year, a few of which are refused."""
    start = datetime.now(UTC) - timedelta(days=400)
    lines = []
    for number in range(LINES):
        at = (start + timedelta(days=number % DAYS, seconds=number)).isoformat()
        make = progress_line if number % 2 else analytics_line
        lines.append(make(f"pupil-{number % 97}@school.example", occurred_at=at))
    for number in range(0, LINES, 1_000):
        lines[number]["occurred_at"] = "2001-01-01T00:00:00Z"
    return lines


def sound_ids(lines: list[dict[str, Any]], kind: str) -> list[str]:
    """Return the ids of what is stored of a kind, in order."""
    sound = (line for line in lines if line["type"] == kind and not line["occurred_at"].startswith("2001"))
    return sorted(line["event_id"] for line in sound)


def is_beyond(standing: Path, line: int) -> bool:
    """Tell whether an import has sent more lines than this."""
    return standing.exists() and int(json.loads(standing.read_text())["lines_read"]) > line


def command(file: Path, org_id: UUID, state: StackState, token: str) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    rollcall = str(Path(sys.executable).with_name("rollcall"))
    arguments = [rollcall, "import", str(file), "--org", str(org_id), "--json"]
    return subprocess.Popen(
        [*arguments, "--chunk", str(CHUNK)],
        env=os.environ | {"ROLLCALL_URL": state.http_url, "ROLLCALL_TOKEN": token},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return the report of a command that ends."""
    printed, _ = process.communicate(timeout=300)
    report: dict[str, Any] = json.loads(printed)
    assert report["lines"] == sum(report[name] for name in COUNTS[1:])
    return report


def test_last_year_is_imported_once(
    api: Api, cloud: Cloud, database: Database, state: StackState, tmp_path: Path
) -> None:
    """Killed twice in the middle; stored is what was sent, by ids; given again, all of it is known, dropped or not."""
    org_id = uuid4()
    service = api.service(org_id, scopes=["admin:write"])
    lines = history()
    file = tmp_path / "last-year.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    standing = Path(f"{file}.import.json")
    for before in (LINES // 5, LINES // 2):
        process = command(file, org_id, state, service.token)
        await_until(partial(is_beyond, standing, before), "it is on its way", 120)
        process.send_signal(signal.SIGKILL)
        process.wait()

    report = finish(command(file, org_id, state, service.token))
    sound = {kind: sound_ids(lines, kind) for kind in ("progress", "analytics")}
    assert report["rejected"] == LINES // 1_000
    assert report["accepted"] + report["duplicate"] == LINES - report["rejected"]
    assert report["conflict"] == 0
    assert database.event_ids(org_id) == sound["progress"]
    assert database.analytics_ids(org_id) == sound["analytics"]

    again = finish(command(file, org_id, state, service.token))
    assert (again["accepted"], again["duplicate"]) == (0, LINES - again["rejected"])
    expected = [("analytics", len(sound["analytics"]), False), ("progress", len(sound["progress"]), False)]
    await_until(lambda: database.rows(ROLLUPS, org_id) == expected, "all of it is counted", 120)

    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("update rollcall.kept_days set kept_until = now()")
    cloud.invoke("RetentionJob")
    assert database.event_ids(org_id) == database.analytics_ids(org_id) == [], "rows are not kept"
    expected = [(source, number, True) for source, number, _ in expected]
    assert database.rows(ROLLUPS, org_id) == expected, "what was counted is"
    written = database.rows("select sum(row_count)::integer from rollcall.snapshots where org_id = %s", org_id)
    assert written == [(len(sound["progress"]) + len(sound["analytics"]),)]
    for ledger in ("progress_identities", "analytics_identities"):
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            connection.execute(f"delete from rollcall.{ledger} where org_id = %s".encode(), (org_id,))
    late = finish(command(file, org_id, state, service.token))
    assert (late["accepted"], late["duplicate"]) == (0, LINES - late["rejected"]), "years later as well"
    for text in (*database.dump(), *cloud.log_lines()):
        assert "@school.example" not in text
