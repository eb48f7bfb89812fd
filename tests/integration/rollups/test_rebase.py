"""After a dump and restore into another cluster, whose transaction ids begin anew, every event still counts once."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.flows.rollups import Rollup
from rollcall.store.rollups.rollups import RollupStore

from tests.builders import NOW, an_event, queued_batch, scrubbed_event
from tests.integration.rollups.test_rollup_days import freeze
from tests.postgres import SCHEMA, Cluster, ScratchDatabase
from tests.rollups import expected, fold_everything, stored
from workbench.stack.postgres import binaries

A, B = uuid4(), uuid4()


def restore(source: ScratchDatabase, cluster: Cluster, archive: Path) -> ScratchDatabase:
    """Dump a database and restore it into another cluster, as a person would."""
    target = cluster.create_database()
    cluster.create_database().execute(SCHEMA.roles.text)  # roles are the cluster's; the schema comes with the dump
    _run("pg_dump", source, "--format=custom", f"--file={archive}")
    _run("pg_restore", target, "--exit-on-error", f"--dbname={target.name}", str(archive))
    cluster.allow_logins()
    return target


def _run(program: str, database: ScratchDatabase, *arguments: str) -> None:
    server = database.cluster.server
    environment = os.environ | {
        "PGHOST": "127.0.0.1", "PGPORT": str(database.cluster.port), "PGUSER": "postgres",
        "PGPASSWORD": server.password, "PGDATABASE": database.name,
    }  # fmt: skip
    done = subprocess.run(
        [str(binaries() / program), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def spend_transaction_ids(database: ScratchDatabase, number: int) -> None:
    """Let a cluster's transaction ids run ahead."""
    database.execute(f"do $$ begin for turn in 1..{number} loop perform pg_current_xact_id(); commit; end loop; end $$")


@pytest.fixture
def restored(
    clone: ScratchDatabase, bare: Cluster, tmp_path: Path
) -> Iterator[tuple[ScratchDatabase, list[ProgressEvent]]]:
    """A database whose ids were far ahead, in a cluster whose ids are not; with events folded and not folded there.

    A frozen day has a straggler that was not folded.
    """
    spend_transaction_ids(clone, 20_000)
    frozen_day = NOW - timedelta(days=1)
    events = [an_event(A, occurred_at=frozen_day), *(an_event(A, occurred_at=NOW) for _ in range(3))]
    clone.ingest([A], *events)
    with closing(clone.database("rollcall_ops")) as database:
        fold_everything(RollupStore(database), A)
    assert freeze(clone, "progress_events", frozen_day.date())
    clone.execute(f"drop table rollcall.progress_events_{frozen_day:%Y%m%d}")
    waiting = [an_event(A, occurred_at=frozen_day), an_event(A, occurred_at=NOW), an_event(B, occurred_at=NOW)]
    clone.ingest([A, B], *waiting)
    clone.analytics.ingest_analytics(B, [queued_batch(B, scrubbed_event())])
    target = restore(clone, bare, tmp_path / "dump")
    yield target, events + waiting
    target.drop()


def test_nothing_is_folded_until_the_offsets_are_rebased(
    restored: tuple[ScratchDatabase, list[ProgressEvent]],
) -> None:
    """Given offsets of another cluster, folding refuses instead of passing over new events, and a rebuild too."""
    target, _ = restored
    with closing(target.database("rollcall_ops")) as database:
        store = RollupStore(database)
        target.ingest([A], an_event(A, occurred_at=NOW))
        before = stored(target, A)
        assert store.fold_events(A, "progress", None, 0, 5_000).outcome == "foreign"
        assert store.rebuild_day(A, NOW.date()).progress is None
        message = next(message for message in store.backlog(300, 10) if message.org_id == A)
        assert Rollup(store, lambda: 0.0).work(message, 0).outcome == "foreign"
        assert stored(target, A) == before


def test_after_a_rebase_every_event_counts_once(restored: tuple[ScratchDatabase, list[ProgressEvent]]) -> None:
    """Given events from before the dump, folded or not, others that came before the rebase, and others after it, all
    are counted once; also those of a transaction that ran while offsets were rebased, and of days that are frozen.
    """
    target, events = restored
    before_rebase = [an_event(org_id, occurred_at=NOW) for org_id in (A, B)]
    target.ingest([A, B], *before_rebase)
    spend_transaction_ids(target, 50)
    with closing(target.database("rollcall_ops")) as database, target.connect() as running:
        running.execute("begin")
        running.execute("select pg_current_xact_id()")
        store = RollupStore(database)
        rewritten = []
        while (count := store.rebase(2)) is not None:
            rewritten.append(count)
        # Three that were folded there, two at a time; the frozen day's own is gone with its partition.
        assert rewritten == [2, 1, 0]
        during = an_event(A, occurred_at=NOW)
        running.execute(
            "select rollcall.ingest_progress_v1('test', %s, %s::jsonb, %s, null, null)",
            ([A], f"[{during.model_dump_json(exclude_none=True)}]", NOW),
        )
        running.execute("commit")
        after = [an_event(org_id, occurred_at=NOW) for org_id in (A, B)]
        target.ingest([A, B], *after)
        spend_transaction_ids(target, 25_000)  # past the ids of the old cluster
        for message in store.backlog(300, 10):
            assert Rollup(store, lambda: 0.0).work(message, 0).rebuilt_days > 0
    counted = [*events, *before_rebase, during, *after]
    for org_id in (A, B):
        live = [event for event in counted if event.org_id == org_id and event.occurred_at == NOW]
        rollups = stored(target, org_id)
        now_alone = {table: [row for row in rows if NOW.date() in row or NOW in row] for table, rows in rollups.items()}
        assert {table: [row for row in rows if row[0] != "analytics"] for table, rows in now_alone.items()} == expected(
            live
        )
    ((_, _, frozen_events, _, _, frozen_learners),) = [
        row for row in stored(target, A)["daily_rollups"] if row[1] == NOW.date() - timedelta(days=1)
    ]
    assert (frozen_events, frozen_learners) == (2, 1)
    assert sum(row[3] for row in stored(target, B)["hourly_rollups"] if row[0] == "analytics") == 1
