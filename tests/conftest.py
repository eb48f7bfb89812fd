"""Shared fixtures: one PostgreSQL for the session, a migrated template on it, a clone of that for each test."""

import signal
from collections.abc import Iterator

import pytest
from rollcall.store import migrations

from tests.postgres import FIRST_DAY, LAST_DAY, SCHEMA, Cluster, ScratchDatabase, run_cluster


def pytest_configure() -> None:
    """Let a terminated run end as an interrupted one does: with its servers stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One PostgreSQL server for the session."""
    with run_cluster() as running:
        yield running


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> ScratchDatabase:
    """A migrated database without connections, so that it can be cloned."""
    database = cluster.create_database()
    migrations.migrate(database.conninfo, SCHEMA)
    migrations.make_partitions(database.conninfo, FIRST_DAY, LAST_DAY)
    cluster.allow_logins()
    return database


@pytest.fixture
def clone(cluster: Cluster, template: ScratchDatabase) -> Iterator[ScratchDatabase]:
    """A migrated database of the test's own."""
    database = cluster.create_database(f"template {template.name} strategy file_copy")
    yield database
    database.drop()


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[ScratchDatabase]:
    """A database without a schema. The cluster may have the roles: they belong to all its databases."""
    database = cluster.create_database()
    yield database
    database.drop()


@pytest.fixture(scope="session")
def spare() -> Iterator[Cluster]:
    """Another server, without our roles, for tests that stop it or change what belongs to a whole cluster."""
    with run_cluster() as running:
        yield running


@pytest.fixture
def bare(spare: Cluster) -> Iterator[Cluster]:
    """A cluster without our roles, and left so."""
    yield spare
    spare.remove_everything()
