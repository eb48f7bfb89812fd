"""Retention on the deployed stack: an old day becomes a snapshot, proves itself, comes back, and can be purged."""

import gzip
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api
from tests.e2e.waiting import await_until
from workbench.api_client import ApiClient, ApiRefused
from workbench.stack.state import StackState

AGE_DAYS = 40
EVENTS = 120
FOLD = "select outcome from rollcall.fold_events_v1(%s, %s, null, 60, 1000000)"


@dataclass
class Archive:
    """An organisation whose events are long past, as its administrator sees it."""

    org_id: UUID
    day: date
    client: ApiClient
    database: Database

    def ask(self, path: str, **body: Any) -> dict[str, Any]:
        """Ask about the day."""
        named = {"org_id": str(self.org_id), "table": "progress_events", "day": self.day.isoformat()}
        return self.client.post(f"/api/admin/snapshots/{path}", named | body)

    def await_end(self, path: str, view: dict[str, Any]) -> dict[str, int]:
        """Return the counts of an operation once it is done."""
        address = f"{path}/{view['operation_id']}"
        await_until(lambda: self.client.get(address)["state"] == "done", "an operation to be done", 60)
        counts: dict[str, int] = self.client.get(address)["counts"]
        return counts

    def live(self) -> int:
        """Return how many of its rows are live."""
        return len(self.database.event_ids(self.org_id))


def old_events(org_id: UUID, day: date) -> list[dict[str, Any]]:
    """Return events of a day that is past, as the procedure takes them."""
    begun = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    return [
        {
            "event_id": str(uuid4()),
            "org_id": str(org_id),
            "user_id": str(uuid4()),
            "course_id": "algebra",
            "lesson_id": "fractions",
            "kind": "completed",
            "percent": 99.5,
            "time_spent_seconds": 60,
            "occurred_at": (begun + timedelta(minutes=minute)).isoformat(),
        }
        for minute in range(EVENTS)
    ]


@pytest.fixture(scope="module")
def archive(api: Api, state: StackState, database: Database, cloud: Cloud) -> Archive:
    """A day of forty days ago that came late, after retention has run."""
    org_id, day = uuid4(), (datetime.now(UTC) - timedelta(days=AGE_DAYS)).date()
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(
            "select rollcall.ingest_progress_v1('e2e', array[%s]::uuid[], %s::jsonb, now(), null, null)",
            (org_id, json.dumps(old_events(org_id, day))),
        )
        cloud.invoke("PartitionJob")
        known = connection.execute("select org_id from rollcall.organisations").fetchall()
        for (known_id,) in known:
            for source in ("progress", "analytics"):
                connection.execute(FOLD, (known_id, source))
    token = api.signer.sign(str(uuid4()), [org_id], role="service", scopes=["admin:breakglass"])
    made = Archive(org_id, day, ApiClient.open(state.http_url, token, []), database)
    assert made.live() == EVENTS
    cloud.invoke("RetentionJob")
    return made


def test_an_expired_day_lies_in_the_archive_and_nowhere_else(archive: Archive, cloud: Cloud) -> None:
    """The partition is gone, its rows are listed, their object has them all, and the whole is verified."""
    assert archive.live() == 0
    assert archive.database.rows("select to_regclass(%s)", f"rollcall.progress_events_{archive.day:%Y%m%d}") == [
        (None,)
    ]
    (file,) = archive.client.get("/api/admin/snapshots", org_id=str(archive.org_id))["snapshots"]
    assert file["rows"] == EVENTS
    lines = gzip.decompress(cloud.object(file["object_key"])).splitlines()
    assert {json.loads(line)["org_id"] for line in lines} == {str(archive.org_id)}
    assert len(lines) == EVENTS
    report = archive.ask("verify")
    assert (report["intact"], report["rows"]) == (True, EVENTS)


def test_what_was_tampered_with_is_told_and_not_restored(archive: Archive, cloud: Cloud) -> None:
    """One bit of an object, and its file is not intact; nothing of it comes back."""
    (file,) = archive.client.get("/api/admin/snapshots", org_id=str(archive.org_id))["snapshots"]
    body = cloud.object(file["object_key"])
    cloud.put_object(file["object_key"], body[:-9] + bytes([body[-9] ^ 1]) + body[-8:])
    try:
        report = archive.ask("verify")
        assert (report["intact"], report["files"][0]["fault"]) == (
            False,
            "The bytes of a snapshot's object do not match their digest.",
        )
        counts = archive.await_end("/api/admin/snapshots/restore", archive.ask("restore"))
        assert counts["failed"] == 1
        assert archive.live() == 0
    finally:
        cloud.put_object(file["object_key"], body)


def test_rows_come_back_once_and_projections_stay(archive: Archive) -> None:
    """Restored twice, each row is live once; where learners stand is what it was."""
    before = archive.database.lessons(archive.org_id)
    assert len(before) == EVENTS
    path = "/api/admin/snapshots/restore"
    assert archive.await_end(path, archive.ask("restore"))["restored"] == EVENTS
    assert archive.await_end(path, archive.ask("restore"))["present"] == EVENTS
    assert archive.live() == EVENTS
    assert archive.database.lessons(archive.org_id) == before


def test_a_purge_leaves_nothing_of_the_window(archive: Archive) -> None:
    """Without a reason it is refused; after a dry run that deleted nothing, live rows and snapshots are gone."""
    window = {"from": f"{archive.day}T00:00:00Z", "to": f"{archive.day + timedelta(days=1)}T00:00:00Z"}
    asked = {"org_id": str(archive.org_id), **window}
    with pytest.raises(ApiRefused, match="400"):
        archive.client.post("/api/admin/purge", asked)
    asked["reason"] = "ticket-812"
    told = archive.await_end("/api/admin/purge", archive.client.post("/api/admin/purge", {**asked, "dry_run": True}))
    done = archive.await_end("/api/admin/purge", archive.client.post("/api/admin/purge", asked))
    assert told["rows"] == done["rows"]
    assert told["snapshot_rows"] == done["snapshot_rows"] == EVENTS
    assert archive.live() == 0
    assert archive.client.get("/api/admin/snapshots", org_id=str(archive.org_id))["snapshots"] == []
