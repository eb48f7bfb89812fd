"""Erasure in snapshots: days that left the tables are rewritten without the learner, and can still be proven."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.operations import OperationRequest
from rollcall.flows.operations.work import Chunk
from rollcall.flows.retention.pending_snapshots import PendingSnapshots
from rollcall.flows.retention.restore import Restore, VerifySnapshots
from rollcall.flows.retention.restore_drill import RestoreDrill
from rollcall.flows.retention.rewrite_snapshot import RewriteSnapshots
from rollcall.flows.retention.snapshot_manifest import Manifests

from tests.builders import NOW, an_event, queued_batch, scrubbed_event
from tests.integration.privacy.test_erasure import killing
from tests.integration.retention.expired_days import Killed, KilledAt, Retention
from tests.postgres import ScratchDatabase
from tests.privacy import KEYRING, Household

OLD = NOW - timedelta(days=5)
DAY = date(2026, 3, 5)


@pytest.fixture
def live(clone: ScratchDatabase) -> Iterator[Household]:
    """A learner and a sibling, of whom one day is to be dropped at retention's next run."""
    household = Household(clone, org_id=UUID(int=1, version=4))  # the first that retention comes to
    household.database = clone.database("rollcall_ops")
    for org_id, user_id in household.everybody():
        events = [
            an_event(org_id, user_id=user_id, occurred_at=OLD, assigned_by=household.learner, percent=33.33)
            for _ in range(3)
        ]
        clone.ingest([org_id], *events)
        own = scrubbed_event(user_pseudonym=household.pseudonym(user_id, org_id), occurred_at=OLD)
        about = scrubbed_event(
            user_pseudonym=household.pseudonym("a teacher", org_id),
            occurred_at=OLD,
            properties={"student_id": household.pseudonym(user_id, org_id), "score": 3},
        )
        clone.analytics.ingest_analytics(org_id, [queued_batch(org_id, own, about)])
    yield household
    household.database.close()
    household.failure_store._database.close()


@pytest.fixture
def home(live: Household) -> Household:
    """The same, when the day lies in snapshots alone."""
    retaining(live).run()
    assert live.clone.rows("select count(*) from rollcall.progress_events") == [(0,)]
    return live


def retaining(home: Household) -> Retention:
    retention = Retention(home.clone, home.database, home.bucket)
    # One key for both, so that the worker that rewrites can sign.
    retention.manifests = lambda store=None, bucket=None: Manifests(  # type: ignore[method-assign]
        store or retention.store, bucket or home.bucket, lambda: KEYRING
    )
    return retention


def in_snapshots(home: Household) -> list[str]:
    """Return what names the learner in objects of snapshots of the organisation."""
    return [
        line
        for key, text in home.bucket.texts().items()
        if key.startswith("snapshots/") and str(home.org_id) in key
        for line in text.splitlines()
        if home.names_learner(line)
    ]


def test_files_are_rewritten_and_signed_anew(home: Household) -> None:
    """The learner's rows go, mentions in others' rows as well; what is left is proven by its manifest."""
    assert len(in_snapshots(home)) == 3 + 3 + 1 + 1
    others = {key: body for key, body in home.bucket.objects.items() if f"/{home.elsewhere}" in key}
    operation = home.run("erase")
    assert in_snapshots(home) == []
    assert home.mentions() == {}
    found = home.certificate(operation)
    assert found["is_clean"]
    assert found["counts"]["deleted_rows_snapshots"] == 4
    assert found["counts"]["redacted_rows_snapshots"] == 4
    assert {key: home.bucket.objects[key] for key in others} == others
    retention = retaining(home)
    verify = VerifySnapshots(retention.store, home.bucket, retention.manifests())
    for table, rows in (("progress_events", 3), ("analytics_events", 3)):
        report = verify.verify(home.org_id, table, DAY)  # type: ignore[arg-type]
        assert (report.intact, report.rows) == (True, rows)
    kept = retention.rows_in_snapshots(home.org_id)
    assert {(row["user_id"], row["assigned_by"], row["percent"]) for row in kept} == {(str(home.sibling), None, 33.33)}


def test_a_dry_run_counts_the_same(home: Household) -> None:
    """A dry run rewrites nothing, and tells what would be."""
    before = dict(home.bucket.objects)
    dry = home.run("erase", is_dry_run=True)
    assert home.bucket.objects == before
    assert (dry.counts["deleted_rows_snapshots"], dry.counts["redacted_rows_snapshots"]) == (4, 4)


def test_killed_workers_leave_no_row_behind(home: Household) -> None:
    """Given workers that die after each second chunk, snapshots are rewritten all the same, and proven."""
    assert home.certificate(home.run("erase", wrap=killing(2)))["is_clean"]
    assert in_snapshots(home) == []


def test_a_restored_day_brings_nothing_back(home: Household) -> None:
    """Restored after the erasure, also from a copy of before and with a ledger that forgot, the learner stays gone."""
    copy = dict(home.bucket.objects)
    files = home.clone.rows("select * from rollcall.snapshots order by object_key")
    home.run("erase")
    home.bucket.objects.update(copy)
    home.clone.execute("delete from rollcall.snapshots")
    with home.clone.connect() as connection:
        for row in files:
            marks = ", ".join(["%s"] * len(row))
            values = [json.dumps(value) if isinstance(value, dict) else value for value in row]
            connection.execute(f"insert into rollcall.snapshots values ({marks})".encode(), values)
    for ledger in ("progress_identities", "analytics_identities"):
        home.clone.execute(f"delete from rollcall.{ledger} where org_id = %s", (home.org_id,))
    step = Restore(home.snapshots.store, home.bucket, lambda: NOW, lambda _org_id: lambda row: row)  # type: ignore[arg-type]
    for table in ("progress_events", "analytics_events"):
        request = OperationRequest(
            org_id=home.org_id,
            kind="restore",
            source=table,
            parameters={"table_name": table, "day": DAY.isoformat(), "target": "live"},
            requested_by="somebody",
        )
        operation, _ = home.operations.request(request, home.learner)
        while not operation.is_finished:
            leased, lease_id = home.operations.lease(home.org_id, operation.operation_id, 30)
            assert leased is not None
            assert lease_id is not None
            done = step(leased, Chunk(None, lease_id, 30))
            latest = home.operations.advance(leased, lease_id, 30, done.cursor, done.counts, is_done=done.is_done)
            assert latest is not None
            home.operations.release(latest, lease_id)
            operation = latest
        home.clone.execute("delete from rollcall.operations where operation_id = %s", (home.learner,))
    restored = home.clone.rows(
        "select user_id from rollcall.progress_events where org_id = %s group by user_id", (home.org_id,)
    )
    assert restored == [(home.sibling,)]
    own = home.clone.rows(
        "select count(*) from rollcall.analytics_events where org_id = %s and user_pseudonym = %s",
        (home.org_id, home.pseudonym(home.learner)),
    )
    assert own == [(0,)]


def test_a_damaged_snapshot_is_told_and_does_not_stop_the_rest(home: Household) -> None:
    """What cannot be read cannot be erased: the certificate is not clean, and names where; all else is erased."""
    key = next(key for key in home.bucket.objects if "progress_events" in key and f"/{home.org_id}" in key)
    home.bucket.put(key, b"spoiled")
    operation = home.run("erase")
    found = home.certificate(operation)
    assert not found["is_clean"]
    assert found["residue"] == {"damaged_snapshots": 1}


def kill_retention(home: Household, name: str, *, is_after: bool) -> Retention:
    """Let retention die at its first day with rows, and leave what it took."""
    retention = retaining(home)
    retention.fold()
    store = KilledAt(OnlyOf(retention.store, DAY), name, is_after)
    with pytest.raises(Killed):
        retention.run(store=store, is_folded=False)
    return retention


@dataclass
class OnlyOf:
    """A store of snapshots that has one expired day alone."""

    target: Any
    day: date

    def __getattr__(self, name: str) -> Any:
        """Return what the target has."""
        return getattr(self.target, name)

    def list_expired_days(self, *_arguments: Any) -> list[date]:
        """Return that day."""
        return [self.day]


@pytest.mark.parametrize(
    ("name", "is_after"), [("note_file", False), ("note_file", True), ("seal", True), ("drop_day", False)]
)
def test_a_snapshot_that_is_not_dropped_yet_is_withdrawn(live: Household, name: str, is_after: bool) -> None:
    """Wherever retention is, no certificate is issued before its copies of live rows are gone; then it starts anew."""
    retention = kill_retention(live, name, is_after=is_after)
    assert in_snapshots(live)
    operation = live.ask("erase")
    with pytest.raises(AssertionError, match="SnapshotBusy"):
        live.work_on(operation)
    assert live.privacy.certificate(live.org_id, operation.operation_id) is None
    retention.end_leases()
    others = {key: body for key, body in live.bucket.objects.items() if f"/{live.elsewhere}" in key}

    found = live.certificate(live.work_on(operation))
    assert found["is_clean"]
    assert found["counts"]["withdrawn_objects_snapshots"] > 0
    assert in_snapshots(live) == []
    assert {key: live.bucket.objects[key] for key in others} == others

    assert retention.run().stopped == {}
    assert in_snapshots(live) == []
    assert len(retention.rows_in_snapshots(live.org_id)) == 3
    assert len(retention.rows_in_snapshots(live.elsewhere)) == 6


@pytest.mark.parametrize(("name", "is_after"), [("note_file", False), ("drop_day", False)])
def test_what_was_not_withdrawn_is_found(
    live: Household,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    is_after: bool,
) -> None:
    """The search looks at every object of a day that is not dropped, also at one that nothing names: not clean."""
    kill_retention(live, name, is_after=is_after)
    monkeypatch.setattr(PendingSnapshots, "withdraw", lambda *_arguments: 0)
    found = live.certificate(live.run("erase"))
    assert not found["is_clean"]
    assert found["residue"] == {"snapshots": len(in_snapshots(live))}


def test_a_rewrite_that_was_killed_leaves_no_revision_behind(home: Household) -> None:
    """Given a worker that died before it could delete the revision before, that goes with the erasure."""
    retention = retaining(home)
    (file,) = retention.store.list_files(home.org_id, 10, table="progress_events")
    killed = KilledAt(retention.store, "replace_file", is_after=True)
    with pytest.raises(Killed):
        RewriteSnapshots(killed, home.bucket, retention.manifests(killed)).rewrite_file(file, lambda _row: False)
    retention.end_leases()
    assert file.object_key in home.bucket.objects
    assert home.certificate(home.run("erase"))["is_clean"]
    assert in_snapshots(home) == []
    assert file.object_key not in home.bucket.objects


def test_a_rewritten_snapshot_comes_back_to_the_last_digit(live: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an erasure the restore drill passes on every file: numbers of redacted rows are what they were."""
    numbers = {"score": 80.0, "tiny": 1e-20, "huge": 1e30, "large": 10**25, "list": [0.10, 2.50, 3]}
    for org_id, user_id in live.everybody():
        progress = an_event(org_id, user_id=user_id, occurred_at=OLD, assigned_by=live.learner, percent=80)
        live.clone.ingest([org_id], progress)
        about = {"student_id": live.pseudonym(live.learner), **numbers}
        told = scrubbed_event(user_pseudonym="a" * 32, occurred_at=OLD, properties=about, digest=uuid4().hex)
        live.clone.analytics.ingest_analytics(org_id, [queued_batch(org_id, told)])
    retention = retaining(live)
    retention.run()
    assert live.certificate(live.run("erase"))["counts"]["redacted_rows_snapshots"] > 0
    files = retention.store.list_files(live.org_id, 10)
    assert [file.revision for file in files] == [2, 2]
    for file in files:
        chosen = retention.store
        monkeypatch.setattr(chosen, "choose_snapshot", lambda file=file: file)
        drilled = RestoreDrill(chosen, live.bucket, lambda: NOW, time.monotonic).run(uuid4(), lambda: 900.0)
        assert drilled is not None
        assert (drilled.rows, drilled.failure_code) == (file.row_count, None)


def test_snapshots_are_exported(home: Household) -> None:
    """Rows of days that left the tables are in an export, with their table and day."""
    _, lines = home.export_of(home.run("export"))
    found = [line for line in lines if line["source"] == "snapshot_rows"]
    assert len(found) == 8
    assert {(line["table"], line["day"]) for line in found} == {
        ("progress_events", "2026-03-05"),
        ("analytics_events", "2026-03-05"),
    }
