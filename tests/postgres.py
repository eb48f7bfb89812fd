"""The PostgreSQL that tests run against: a cluster, and databases on it."""

import os
import random
import secrets
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.domain.ingest.rate import RateLimit
from rollcall.domain.reports.report_pass import sign_pass
from rollcall.store import migrations
from rollcall.store.connection import Database, DatabaseAddress
from rollcall.store.ingest.analytics import AnalyticsStore
from rollcall.store.ingest.progress import ProgressStore, StoredBatch
from rollcall.store.ingest.receipts import ReceiptStore

from tests import scratch
from tests.builders import NOW
from tests.checkout import ROOT
from workbench.errors import WorkbenchError
from workbench.stack import ports
from workbench.stack.postgres import Postgres

SCHEMA = migrations.Schema.read(ROOT / "sql")
FIRST_DAY, LAST_DAY = date(2026, 3, 1), date(2026, 3, 12)  # the partitions of the template; NOW lies within
PASS_EXPIRES_AT = 4_102_444_800  # the first second of 2100
LOGIN_ROLES = ("rollcall_app", "rollcall_ops", "rollcall_reader")
SETTINGS = {
    # These data are thrown away, and a crash of the server process alone loses nothing.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
}
TABLES = """
select relname from pg_class
where relnamespace = 'rollcall'::regnamespace and relkind in ('r', 'p', 'm')
order by relname
"""


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server of the tests' own."""

    server: Postgres
    port: int
    password: str = field(default_factory=secrets.token_urlsafe, repr=False)

    def conninfo(self, database: str = "postgres") -> str:
        """Return how to connect as the superuser."""
        return self.server.conninfo(self.port, database)

    def execute(self, statement: str) -> None:
        """Run a statement as the superuser, outside any of the tests' databases."""
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def create_database(self, options: str = "") -> "ScratchDatabase":
        """Make a database, empty unless the options name a template."""
        name = f"scratch_{uuid4().hex}"
        self.execute(f"create database {name} {options}")
        return ScratchDatabase(self, name)

    def allow_logins(self) -> None:
        """Give the roles a password, once they exist."""
        for role in LOGIN_ROLES:
            migrations.allow_login(self.conninfo(), role, self.password)

    def remove_everything(self) -> None:
        """Drop what tests made: databases, and with them all that roles own, then roles."""
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            for (name,) in connection.execute("select datname from pg_database where datname ~ '^scratch'").fetchall():
                connection.execute(f"drop database {name} with (force)".encode())
            # The administrator last: who granted roles depends on them.
            made = "select rolname from pg_roles where rolname !~ '^pg_' and not rolsuper order by rolname = 'admin'"
            for (name,) in connection.execute(made).fetchall():
                connection.execute(f"drop role {name}".encode())


@dataclass(frozen=True)
class ScratchDatabase:
    """A database that a test may do with as it likes."""

    cluster: Cluster
    name: str

    @property
    def conninfo(self) -> str:
        """How to connect as the superuser, whom row-level security does not bind."""
        return self.cluster.conninfo(self.name)

    def conninfo_as(self, role: str, password: str | None = None) -> str:
        """Return how to connect as this role."""
        return make_conninfo(self.conninfo, user=role, password=password or self.cluster.password)

    def connect(self, role: str | None = None) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect as this role, or as the superuser; each statement commits on its own."""
        return psycopg.connect(self.conninfo_as(role) if role else self.conninfo, autocommit=True)

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query as the superuser."""
        with self.connect() as connection:
            return connection.execute(query.encode(), parameters or None).fetchall()

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement as the superuser."""
        with self.connect() as connection:
            connection.execute(statement.encode(), parameters or None)

    def database(self, role: str = "rollcall_app") -> Database:
        """Return the database as the functions reach it, as this role."""
        known = conninfo_to_dict(self.conninfo)
        return Database(
            DatabaseAddress(
                host=str(known["host"]),
                port=int(str(known["port"])),
                name=self.name,
                sslmode="prefer",
                credentials=lambda: (role, self.cluster.password),
            )
        )

    @cached_property
    def store(self) -> ProgressStore:
        """The progress store, as the functions use it."""
        return ProgressStore(self.database())

    @cached_property
    def analytics(self) -> AnalyticsStore:
        """The analytics store, as the functions use it."""
        return AnalyticsStore(self.store._database)

    @cached_property
    def receipts(self) -> ReceiptStore:
        """The receipt store, as the functions use it."""
        return ReceiptStore(self.store._database)

    def report_pass(self, *org_ids: UUID) -> str:
        """Return a pass for the reports of these organisations, as the authorizer signs it."""
        migrations.set_report_pass_key(self.conninfo, self.cluster.password)
        return sign_pass(org_ids, PASS_EXPIRES_AT, self.cluster.password)

    def take(
        self, org_ids: Sequence[UUID], *events: ProgressEvent, subject: str = "test", limit: RateLimit | None = None
    ) -> StoredBatch:
        """Send a batch, as a caller whose token holds these organisations."""
        return self.store.ingest_progress(subject, org_ids, list(events), NOW, limit)

    def ingest(self, org_ids: Sequence[UUID], *events: ProgressEvent) -> list[str]:
        """Send a batch, and return what became of each event."""
        outcomes = self.take(org_ids, *events).outcomes
        assert outcomes is not None
        return outcomes

    def assign(self, org_id: UUID, user_id: UUID, course_id: str, assigned_by: UUID | None = None) -> None:
        """Assign a course to a learner."""
        self.execute(
            "insert into rollcall.assignments (org_id, user_id, course_id, assigned_by) values (%s, %s, %s, %s)",
            (org_id, user_id, course_id, assigned_by),
        )

    def count(self, table: str, org_id: UUID) -> int:
        """Return how many rows of an organisation a table of the schema holds."""
        ((count,),) = self.rows(f"select count(*) from rollcall.{table} where org_id = %s", (org_id,))
        return int(count)

    def contents(self) -> dict[str, list[str]]:
        """Return every row of every table of the schema, as text."""
        with self.connect() as connection:
            return {
                table: [
                    row for (row,) in sorted(connection.execute(f"select t::text from rollcall.{table} as t".encode()))
                ]
                for (table,) in connection.execute(TABLES).fetchall()
            }

    def drop(self) -> None:
        """Drop it, also while clients are connected."""
        if "store" in self.__dict__:
            self.store._database.close()
        self.cluster.execute(f"drop database {self.name} with (force)")


@contextmanager
def run_cluster() -> Iterator[Cluster]:
    """Start a cluster in a folder of its own, and stop it whatever happens."""
    with scratch.folder("rollcall-tests-") as folder:
        server = Postgres(folder / "data", folder / "postgres.log", SETTINGS)
        server.create()
        port = find_stable_port()
        try:
            server.start(port)
            yield Cluster(server, port)
        finally:
            stop(server)


def stop(server: Postgres) -> None:
    """Stop a server, if need be without the program that is meant for it."""
    pid = server.pid
    try:
        server.stop("immediate")
    except WorkbenchError:
        if pid is not None:
            os.kill(pid, signal.SIGQUIT)
        raise


def find_stable_port() -> int:
    """Return a free port that stays ours while the server is stopped: below those that outgoing connections take."""
    candidates = random.sample(range(20_000, 30_000), 100)
    return next(port for port in candidates if ports.is_free(port))
