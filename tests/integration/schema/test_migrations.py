"""The migration runner: each migration once, in order, whole or not at all; and it refuses what it cannot trust."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest
from rollcall.errors import MigrationRefused
from rollcall.store import migrations
from rollcall.store.migrations import Schema, SqlFile

from tests.postgres import SCHEMA, Cluster, ScratchDatabase

LEDGER = "select version, name, checksum from rollcall.schema_migrations order by version"
NEXT = len(SCHEMA.migrations) + 1


def with_migration(text: str, what: str = "later") -> Schema:
    """Return our schema with one more migration."""
    return replace(SCHEMA, migrations=[*SCHEMA.migrations, SqlFile(f"{NEXT:04}_{what}.sql", text)])


def test_migrations_are_applied_in_order_and_recorded(empty: ScratchDatabase) -> None:
    """Given an empty database, every migration is applied by its number and recorded with its checksum."""
    names = [migration.name for migration in SCHEMA.migrations]
    assert migrations.migrate(empty.conninfo, SCHEMA) == names
    assert empty.rows(LEDGER) == [(file.version, file.name, file.checksum) for file in SCHEMA.migrations]


def test_a_second_run_applies_nothing(empty: ScratchDatabase) -> None:
    """Migrating again changes neither the ledger nor a row."""
    migrations.migrate(empty.conninfo, SCHEMA)
    ledger = empty.rows("select * from rollcall.schema_migrations")
    assert migrations.migrate(empty.conninfo, SCHEMA) == []
    assert empty.rows("select * from rollcall.schema_migrations") == ledger


def test_only_what_is_new_is_applied(clone: ScratchDatabase) -> None:
    """Given a migrated database and one more migration, that one is applied."""
    later = with_migration("create table rollcall.later (number integer)")
    assert migrations.migrate(clone.conninfo, later) == [f"{NEXT:04}_later.sql"]
    assert clone.rows("select * from rollcall.later") == []


def test_an_edited_migration_is_refused(clone: ScratchDatabase) -> None:
    """A migration that was applied is history: when its text changed since, nothing is applied."""
    edited = replace(SCHEMA.migrations[1], text=SCHEMA.migrations[1].text + "-- a word more\n")
    later = with_migration("create table rollcall.later (number integer)")
    with pytest.raises(MigrationRefused, match=r"0002_directory\.sql was edited"):
        migrations.migrate(
            clone.conninfo, replace(later, migrations=[later.migrations[0], edited, *later.migrations[2:]])
        )
    assert clone.rows("select to_regclass('rollcall.later')::text") == [(None,)]


def test_a_newer_database_is_refused(clone: ScratchDatabase) -> None:
    """An old version of the code does not touch a database that a newer one migrated, its procedures neither."""
    migrations.migrate(clone.conninfo, with_migration("select 1", "from_the_future"))
    source = (
        "select md5(string_agg(prosrc, '' order by oid)) from pg_proc where pronamespace = 'rollcall'::regnamespace"
    )
    clone.execute("create or replace function rollcall.default_partition_bytes_v1() returns bigint return 42::bigint")
    newer = clone.rows(source)
    with pytest.raises(MigrationRefused, match=r"from_the_future\.sql, which this version does not know"):
        migrations.migrate(clone.conninfo, SCHEMA)
    assert clone.rows(source) == newer


@pytest.mark.parametrize(
    "names",
    [
        ["0001_one.sql", "0003_three.sql"],
        ["0002_two.sql"],
        ["0001_one.sql", "0001_other.sql"],
        ["1_one.sql"],
        ["0001-one.sql"],
        ["0001_One.sql"],
        ["0000_none.sql", "0001_one.sql"],
    ],
)
def test_misnumbered_files_are_refused(tmp_path: Path, names: list[str]) -> None:
    """Numbers run from 1 without gap or double, and names have one form."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "roles.sql").touch()
    for name in names:
        (tmp_path / "migrations" / name).touch()
    with pytest.raises(MigrationRefused):
        Schema.read(tmp_path)


def together(*runs: Callable[[], list[str]]) -> list[list[str]]:
    """Run these at once, and return what each returned; raises what one of them raised."""
    answers: list[list[str]] = []
    faults: list[Exception] = []
    start = threading.Barrier(len(runs))

    def go(run: Callable[[], list[str]]) -> None:
        start.wait()
        try:
            answers.append(run())
        except Exception as fault:  # noqa: BLE001 - raised again where the test sees it
            faults.append(fault)

    threads = [threading.Thread(target=go, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return answers


def test_runners_at_once_apply_each_migration_once(empty: ScratchDatabase) -> None:
    """Given four runners that start together, one applies everything, the others find it done; all end well."""
    answers = together(*[partial(migrations.migrate, empty.conninfo, SCHEMA)] * 4)
    names = [migration.name for migration in SCHEMA.migrations]
    assert sorted(answers, key=len) == [[], [], [], names]
    assert empty.rows("select name from rollcall.schema_migrations order by version") == [(name,) for name in names]


def test_databases_of_one_cluster_may_be_migrated_at_once(bare: Cluster) -> None:
    """Given a cluster without our roles and four databases on it, their runners do not trip over each other."""
    databases = [bare.create_database() for _ in range(4)]
    together(*[partial(migrations.migrate, database.conninfo, SCHEMA) for database in databases])
    for database in databases:
        assert len(database.rows(LEDGER)) == len(SCHEMA.migrations)
    assert bare_settings(bare) == SETTINGS


SETTINGS = {
    "rollcall_app": [
        "default_transaction_isolation=read committed",
        "idle_in_transaction_session_timeout=10s",
        "lock_timeout=4s",
        "statement_timeout=5s",
    ],
    "rollcall_ops": ["default_transaction_isolation=read committed", "lock_timeout=5s"],
    "rollcall_owner": [],
    "rollcall_reader": [
        "default_transaction_read_only=on",
        "idle_in_transaction_session_timeout=60s",
        "statement_timeout=30s",
    ],
}


def bare_settings(cluster: Cluster) -> dict[str, list[str]]:
    """Return the settings of each of our roles."""
    with psycopg.connect(cluster.conninfo()) as connection:
        rows = connection.execute("select rolname, rolconfig from pg_roles where rolname like 'rollcall%'").fetchall()
    return {name: sorted(settings or []) for name, settings in rows}


def test_a_migration_gives_up_rather_than_wait(clone: ScratchDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given somebody who holds a table, a migration that needs it is refused soon, says why, and leaves nothing."""
    monkeypatch.setattr(migrations, "LOCK_TIMEOUT", "100ms")
    later = with_migration(
        "create table rollcall.later (number integer); alter table rollcall.lessons add column title text;"
    )
    with clone.connect() as reader, reader.transaction():
        reader.execute("select from rollcall.lessons")
        with pytest.raises(MigrationRefused, match=rf"{NEXT:04}_later.sql.*lock"):
            migrations.migrate(clone.conninfo, later)
    assert clone.rows("select to_regclass('rollcall.later')::text") == [(None,)]
    assert migrations.migrate(clone.conninfo, later) == [f"{NEXT:04}_later.sql"]


def test_a_procedure_that_cannot_be_replaced_now_is_refused(
    clone: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same holds for views and procedures: the runner gives up, says which file, and leaves all as it was."""
    monkeypatch.setattr(migrations, "LOCK_TIMEOUT", "100ms")
    with clone.connect() as reader, reader.transaction():
        reader.execute("lock table rollcall.view_course_progress in access share mode")
        with pytest.raises(MigrationRefused, match=r"view_course_progress.sql.*lock"):
            migrations.migrate(clone.conninfo, SCHEMA)


def test_a_failing_migration_leaves_nothing_half_done(clone: ScratchDatabase) -> None:
    """Given a migration whose last statement fails, none of it stays; what came before it does; mended, it applies."""
    good, bad = "create table rollcall.good (number integer)", "create table rollcall.bad (number integer); select 1/0;"
    broken = with_migration(good, "good")
    broken.migrations.append(SqlFile(f"{NEXT + 1:04}_bad.sql", bad))
    with pytest.raises(MigrationRefused, match=rf"{NEXT + 1:04}_bad.sql.*division by zero"):
        migrations.migrate(clone.conninfo, broken)
    assert clone.rows("select to_regclass('rollcall.good')::text, to_regclass('rollcall.bad')::text") == [
        ("rollcall.good", None)
    ]
    broken.migrations[-1] = SqlFile(f"{NEXT + 1:04}_bad.sql", bad.replace("1/0", "1/1"))
    assert migrations.migrate(clone.conninfo, broken) == [f"{NEXT + 1:04}_bad.sql"]


def test_a_runner_that_dies_leaves_the_way_free(clone: ScratchDatabase) -> None:
    """Given a runner that was cut off in the middle, its lock goes with its connection and the next one succeeds."""
    slow = with_migration("create table rollcall.later (number integer); select pg_sleep(60);")

    def run() -> None:
        with pytest.raises(MigrationRefused):
            migrations.migrate(clone.conninfo, slow)

    runner = threading.Thread(target=run)
    runner.start()
    while not clone.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        # Not the session of the last try, which may still be ending: its text has `pg_sleep` as well.
        " where query like '%pg_sleep(60)%' and query not like '%pg_terminate_backend%'"
        " and datname = current_database()"
    ):
        assert runner.is_alive()
    runner.join()
    assert migrations.migrate(clone.conninfo, with_migration("create table rollcall.later (number integer)")) != []


def test_procedures_and_views_are_applied_again(clone: ScratchDatabase) -> None:
    """A procedure or view that differs from its file, or is missing, is as in the file after the next run."""
    clone.execute("create or replace function rollcall.default_partition_bytes_v1() returns bigint return 42::bigint")
    clone.execute("grant execute on function rollcall.default_partition_bytes_v1() to public")
    clone.execute("drop view rollcall.view_course_progress")
    migrations.migrate(clone.conninfo, SCHEMA)

    assert clone.rows("select rollcall.default_partition_bytes_v1()") == [(0,)]
    assert clone.rows(
        "select has_function_privilege('rollcall_reader', 'rollcall.default_partition_bytes_v1()', 'execute')"
    ) == [(False,)]
    assert clone.rows("select * from rollcall.view_course_progress") == []


def test_a_file_that_fails_takes_no_other_with_it(clone: ScratchDatabase) -> None:
    """Procedures and views are replaced together or not at all, so that versions never mix."""
    mixed = replace(
        SCHEMA,
        replaceable=[
            SqlFile("first.sql", "create or replace function rollcall.first() returns integer return 1"),
            SqlFile("second.sql", "create or replace function rollcall.second() returns integer return nothing()"),
        ],
    )
    with pytest.raises(MigrationRefused, match=r"second.sql"):
        migrations.migrate(clone.conninfo, mixed)
    assert clone.rows("select to_regproc('rollcall.first')::text") == [(None,)]


def test_the_schema_is_found_beside_the_code() -> None:
    """The runner finds sql/ on the path, wherever it was installed."""
    assert Schema.read(migrations.find_schema()) == SCHEMA
