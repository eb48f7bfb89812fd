"""The migration runner: one for the local stack, the tests and the deployed `migrate` function."""

import hashlib
import re
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psycopg
from psycopg import errors as pg
from psycopg import sql

from rollcall.domain.reports.report_pass import PaddedKeys
from rollcall.errors import DatabaseAhead, MigrationRefused
from rollcall.store.procedures import call_statement

LOCK_KEY = 0x526F6C6C  # "Roll": one runner at a time on a database
LOCK_TIMEOUT = "5s"  # a migration gives up rather than stand in front of every reader
# Roles belong to the whole cluster, our lock to one database: another database's runner may come in between.
CLUSTER_RACES = (pg.DuplicateObject, pg.UniqueViolation, pg.InternalError_)
ROLE_TRIES = 5
MIGRATION_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

LEDGER = """
create table if not exists rollcall.schema_migrations (
    version integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now()
)
"""


@dataclass(frozen=True)
class SqlFile:
    """One file of sql/."""

    name: str
    text: str

    @property
    def version(self) -> int:
        """The number in a migration's name."""
        return int(self.name[:4])

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Schema:
    """What sql/ holds, in the order in which it is applied."""

    roles: SqlFile
    migrations: list[SqlFile]
    replaceable: list[SqlFile] = field(default_factory=list)

    @classmethod
    def read(cls, root: Path) -> "Schema":
        """Read sql/; raises MigrationRefused when migrations are misnamed, doubled or missing."""
        migrations = _files(root / "migrations")
        if [file.name for file in migrations if not MIGRATION_NAME.fullmatch(file.name)]:
            raise MigrationRefused("A migration is named 0001_what_it_does.sql.")
        if [file.version for file in migrations] != list(range(1, len(migrations) + 1)):
            raise MigrationRefused("Migrations are numbered from 1, each number once.")
        roles = SqlFile("roles.sql", (root / "roles.sql").read_text())
        return cls(roles, migrations, _files(root / "procedures") + _files(root / "views"))


def _files(folder: Path) -> list[SqlFile]:
    paths = sorted(folder.rglob("*.sql"), key=lambda path: path.name)
    return [SqlFile(path.name, path.read_text()) for path in paths]


def find_schema() -> Path:
    """Return sql/, wherever this copy of the code runs: beside the package in a layer, or in a checkout."""
    for entry in map(Path, sys.path):
        for root in (entry, entry / "sql"):
            if (root / "migrations" / "0001_organisation_scope.sql").is_file():
                return root
    raise MigrationRefused("The sql folder is not on the path.")


def migrate(conninfo: str, schema: Schema) -> list[str]:
    """Bring a database to this schema, as one who may make roles. Returns the migrations applied now.

    Each migration is a transaction; procedures and views are applied again every time. Raises MigrationRefused when
    an applied migration was edited since, when the database knows one that this schema does not, and when a file
    fails or cannot get a lock: then nothing of that file is left.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (LOCK_KEY,))
        connection.execute(sql.SQL("set lock_timeout = {}").format(LOCK_TIMEOUT))
        _prepare_roles(connection, schema.roles)
        connection.execute("set role rollcall_owner")
        connection.execute(LEDGER)
        pending = _pending(connection, schema.migrations)
        for migration in pending:
            with connection.transaction():
                _apply(connection, migration)
                connection.execute(
                    "insert into rollcall.schema_migrations (version, name, checksum) values (%s, %s, %s)",
                    (migration.version, migration.name, migration.checksum),
                )
        with connection.transaction():
            # A function may name another that comes later in the alphabet.
            connection.execute("set local check_function_bodies = off")
            for file in schema.replaceable:
                _apply(connection, file)
        return [migration.name for migration in pending]


def _prepare_roles(connection: psycopg.Connection, roles: SqlFile) -> None:
    for tries_left in reversed(range(ROLE_TRIES)):
        try:
            _apply(connection, roles)
        except MigrationRefused as refused:
            if not (tries_left and isinstance(refused.__cause__, CLUSTER_RACES)):
                raise
        else:
            return


def _apply(connection: psycopg.Connection, file: SqlFile) -> None:
    try:
        connection.execute(file.text.encode())
    except pg.LockNotAvailable as held:
        raise MigrationRefused(
            f"{file.name} gave up after {LOCK_TIMEOUT}: somebody holds a lock that it needs. Run it again later."
        ) from held
    except psycopg.Error as fault:
        raise MigrationRefused(f"{file.name} failed: {fault.diag.message_primary or fault}") from fault


def _pending(connection: psycopg.Connection, migrations: list[SqlFile]) -> list[SqlFile]:
    rows = connection.execute("select version, name, checksum from rollcall.schema_migrations").fetchall()
    known = {migration.version: migration for migration in migrations}
    for version, name, checksum in rows:
        if version not in known:
            raise DatabaseAhead(f"The database has {name}, which this version does not know.")
        if known[version].checksum != checksum:
            raise MigrationRefused(f"{name} was edited after it was applied: write a new migration.")
    applied = {version for version, _, _ in rows}
    return [migration for migration in migrations if migration.version not in applied]


def allow_login(conninfo: str, role: str, password: str) -> None:
    """Let a role log in with this password: how a generated or rotated secret reaches the database.

    What is sent is its SCRAM verifier, so that no statement log ever holds the password.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        connection.execute(
            sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(verifier))
        )


def set_report_pass_key(conninfo: str, secret: str) -> None:
    """Let passes that are signed with this secret open reports."""
    keys = PaddedKeys.of(secret)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("set role rollcall_owner")
        connection.execute(
            "call rollcall.set_report_pass_key_v1(p_inner_key => %s, p_outer_key => %s)", (keys.inner, keys.outer)
        )


def make_partitions(conninfo: str, first: date, last: date) -> int:
    """Make the daily partitions of these days, both included; return how many were missing."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        statement = call_statement("make_partitions_v1", "", ("p_from", "p_until"))
        row = connection.execute(statement.encode(), (first, last)).fetchone()
        return int(row[0]) if row else 0
