"""The bench's own PostgreSQL: new for each run, with the real schema and default durability."""

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
from rollcall.store import migrations
from rollcall.store.connection import Database, DatabaseAddress

from workbench.bench.secrets_endpoint import serve_secrets
from workbench.stack.ports import LOOPBACK, choose
from workbench.stack.postgres import DATABASE, Postgres

PORT = 54431
APP_ROLE = "rollcall_app"
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:bench"
KEYRING_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:pseudonyms"
KEYRING = json.dumps({"current": "k1", "k1": "bench" * 12})
RETENTION_DAYS = 30
# Only sizes: fsync, synchronous_commit and full_page_writes keep their defaults. WAL files are kept for reuse, as on a
# server that has run for a while.
SIZES = {"shared_buffers": "2GB", "min_wal_size": "4GB", "max_wal_size": "16GB"}


@dataclass(frozen=True)
class BenchDatabase:
    """A running database."""

    postgres: Postgres
    port: int
    secrets_url: str
    app_password: str

    @property
    def app_url(self) -> str:
        """The app role's connection URL."""
        return f"postgresql://{APP_ROLE}:{self.app_password}@{LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def conninfo(self) -> str:
        """The administrator's connection string. Row-level security does not apply to the administrator."""
        return self.postgres.conninfo(self.port)

    @property
    def function_environment(self) -> dict[str, str]:
        """The environment variables of the progress function, as the template sets them."""
        return {
            "SERVICE": "progress",
            "ENVIRONMENT": "bench",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.secrets_url,
            "DATABASE_HOST": LOOPBACK,
            "DATABASE_PORT": str(self.port),
            "DATABASE_NAME": DATABASE,
            "DATABASE_SSLMODE": "disable",
            "DATABASE_SECRET_ARN": SECRET_ARN,
        }

    def open_app(self) -> Database:
        """Connect as the app role, as the functions do."""
        address = DatabaseAddress(LOOPBACK, self.port, DATABASE, "disable", lambda: (APP_ROLE, self.app_password))
        return Database(address)

    def run(self, *statements: str) -> None:
        """Run statements as the administrator, each in a transaction of its own."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def ask(self, query: str) -> Any:
        """Return the only value of a query."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None

    def cpu_seconds(self) -> float:
        """Return the processor time of the server and all its processes so far."""
        server = psutil.Process(self.postgres.pid)
        return sum(_cpu_seconds_of(process) for process in (server, *server.children(recursive=True)))


def _cpu_seconds_of(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


@contextmanager
def new_database(home: Path, sql: Path, settings: Mapping[str, str] = SIZES) -> Iterator[BenchDatabase]:
    """Start a database in its own folder, migrate it, and remove it at the end."""
    postgres = Postgres(home / "postgres", home / "postgres.log", settings)
    _remove(postgres)
    postgres.create()
    port = choose(None, PORT)
    try:
        postgres.start(port)
        password = _prepare(postgres.conninfo(port), sql)
        login = json.dumps({"username": APP_ROLE, "password": password})
        with serve_secrets({SECRET_ARN: login, KEYRING_ARN: KEYRING}) as secrets_url:
            yield BenchDatabase(postgres, port, secrets_url, password)
    finally:
        _remove(postgres)


def _prepare(conninfo: str, sql: Path) -> str:
    """Migrate, make the partitions, allow the app role to log in; return its password."""
    password, today = secrets.token_urlsafe(24), datetime.now(UTC).date()
    migrations.migrate(conninfo, migrations.Schema.read(sql))
    migrations.make_partitions(conninfo, today - timedelta(days=RETENTION_DAYS), today + timedelta(days=2))
    migrations.allow_login(conninfo, APP_ROLE, password)
    return password


def _remove(postgres: Postgres) -> None:
    postgres.stop()  # also a database that a killed run left behind
    shutil.rmtree(postgres.data, ignore_errors=True)
