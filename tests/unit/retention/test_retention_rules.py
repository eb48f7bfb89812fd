"""When a day is past, how manifests are signed, and what the functions that retain and drill make of trouble."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollcall.contracts.retention.snapshot import DayOfTable
from rollcall.domain.ingest.accepted_window import AcceptedWindow
from rollcall.domain.keyring import Keyring
from rollcall.domain.retention import snapshot
from rollcall.domain.retention.lifetimes import Lifetimes, first_kept_day
from rollcall.edge.triggers import job
from rollcall.edge.wiring import retention as wiring_retention
from rollcall.errors import RetentionStopped, SnapshotDamaged, StoreUnavailable
from rollcall.flows.retention.age_out import ROWS_MAX, AgeOut

from functions.restore_drill import app as drill_app
from functions.retention import app as retain_app
from tests.bucket import Bucket
from tests.builders import NOW, ORG
from tests.unit.fakes.api_gateway import Context
from tests.unit.retention.test_snapshots_http import a_file

DAY = DayOfTable(table_name="progress_events", day=date(2026, 3, 1), sequence=1)
OLD, NEW = "an old key of more than 32 characters", "a new key of more than 32 characters"


@given(st.datetimes(min_value=NOW.replace(tzinfo=None)), st.integers(1, 3650))
def test_no_day_goes_of_which_an_event_could_still_be_accepted(now: Any, days: int) -> None:
    """The last moment of the last day that goes lies a day before the window, whatever the time of day."""
    now, retention = now.replace(tzinfo=NOW.tzinfo), timedelta(days=days)
    window = AcceptedWindow.at(now, retention)
    first_kept = first_kept_day(now, retention)
    assert window.opens_at.date() - first_kept == timedelta(days=1)


def test_the_ledger_outlives_events_queues_and_dead_letters() -> None:
    """While something may bring an event again, its identity is known: redriven on the last day of its body, too."""
    for archive in (1, 90, 3650):
        lifetimes = Lifetimes(timedelta(days=30), timedelta(days=archive))
        assert lifetimes.by_name()["progress_identities"] > timedelta(days=30 + 14 + archive + 14)
    lifetimes = Lifetimes(timedelta(days=30), timedelta(days=90))
    assert lifetimes.by_name()["dead_letters"] >= timedelta(days=90)


def test_a_manifest_holds_through_a_rotation_of_keys() -> None:
    """Signed with the key of then, it is verified with a keyring that has that key, and not without it."""
    manifest = snapshot.compose_manifest(DAY, [a_file()], NOW)
    body = snapshot.sign(manifest, Keyring("k1", {"k1": OLD}))
    rotated = Keyring("k2", {"k1": OLD, "k2": NEW})
    assert snapshot.read_signed(body, rotated) == manifest
    assert snapshot.sign(manifest, rotated) != body
    for keyring in (Keyring("k2", {"k2": NEW}), Keyring("k1", {"k1": NEW})):
        with pytest.raises(SnapshotDamaged):
            snapshot.read_signed(body, keyring)
    with pytest.raises(SnapshotDamaged, match="cannot be read"):
        snapshot.read_signed(b"{}", rotated)


def test_files_of_all_parts_and_revisions_have_keys_of_their_own_in_their_organisations_folder() -> None:
    """One organisation's files share a prefix, and are in order below it."""
    keys = [snapshot.file_key(DAY, ORG, part, revision) for part in (1, 2, 10) for revision in (1, 2)]
    assert keys == sorted(set(keys))
    assert all(key.startswith(f"snapshots/progress_events/2026-03-01/1/{ORG}/") for key in keys)


class Aging:
    """Has a number of rows of each kind, and deletes on request."""

    def __init__(self) -> None:
        self.left = {"progress_identities": ROWS_MAX + 5, "operations": 3}

    def age_out(self, what: str, _before: Any, limit: int) -> int:
        """Delete some."""
        deleted = min(limit, self.left.get(what, 0))
        self.left[what] = self.left.get(what, 0) - deleted
        return deleted

    def list_past(self, *_which: Any) -> list[DayOfTable]:
        """There is none."""
        return []

    def forget(self, _day: DayOfTable) -> bool:
        """Forget it."""
        return True

    def drop_scratch(self, _scratch_id: Any) -> int:
        """There is none."""
        return 0


def test_aging_goes_on_chunk_by_chunk_until_its_time_is_over() -> None:
    """More than one chunk of a kind goes, each kind in its turn; without time, none."""
    store = Aging()
    lifetimes = Lifetimes(timedelta(days=30), timedelta(days=90))
    age_out = AgeOut(store, Bucket(), lifetimes, timedelta(days=365), lambda: NOW)
    assert age_out.run(lambda: 1.0).rows == 0
    assert age_out.run(lambda: 900.0).rows == ROWS_MAX + 8
    assert not any(store.left.values())


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write no runs of jobs down."""
    store = SimpleNamespace(start_job=lambda *run: (run[0], 0), end_job=lambda *_run: None)
    monkeypatch.setattr(job, "store", lambda: store)


@pytest.mark.usefixtures("runs")
def test_a_day_that_was_kept_fails_the_run_after_everything_else_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest ages all the same; then the run ends as failed, so that its alarm rises."""
    told = SimpleNamespace(
        stopped={"progress_events": "snapshot_damaged"}, days=0, rows=0, size_bytes=0, waiting=0, busy=0,
        is_finished=True,
    )  # fmt: skip
    aged: list[str] = []

    def age_out(_remaining: Any) -> SimpleNamespace:
        aged.append("aged")
        return SimpleNamespace(rows=0, snapshots=0)

    monkeypatch.setattr(wiring_retention, "expire_days", lambda: SimpleNamespace(run=lambda _remaining: told))
    monkeypatch.setattr(wiring_retention, "age_out", lambda: SimpleNamespace(run=age_out))
    with pytest.raises(RetentionStopped):
        retain_app.handler({"idempotency_key": str(uuid4())}, Context())
    assert aged == ["aged"]

    def cut_off(_remaining: Any) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(wiring_retention, "expire_days", lambda: SimpleNamespace(run=cut_off))
    with pytest.raises(StoreUnavailable):
        retain_app.handler({"idempotency_key": str(uuid4())}, Context())
    assert aged == ["aged"] * 2


@pytest.mark.usefixtures("runs")
def test_a_drill_tells_of_a_snapshot_that_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a snapshot there is nothing to drill; a damaged one fails the run."""
    monkeypatch.setattr(wiring_retention, "drill", lambda: SimpleNamespace(run=lambda *_run: None))
    assert drill_app.handler({"idempotency_key": str(uuid4())}, Context())["drilled"] is False
    damaged = SimpleNamespace(
        table="progress_events", day=date(2026, 3, 1), rows=0, duration_ms=1, failure_code="snapshot_damaged"
    )
    monkeypatch.setattr(wiring_retention, "drill", lambda: SimpleNamespace(run=lambda *_run: damaged))
    with pytest.raises(SnapshotDamaged):
        drill_app.handler({"idempotency_key": str(uuid4())}, Context())
