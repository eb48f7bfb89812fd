"""Who may migrate: an administrator as on RDS or Aurora, no superuser, who may make roles and owns the database."""

from uuid import uuid4

import pytest
from rollcall.errors import MigrationRefused
from rollcall.store import migrations

from tests.builders import an_event
from tests.postgres import FIRST_DAY, LAST_DAY, LOGIN_ROLES, SCHEMA, Cluster, ScratchDatabase

PASSWORD = "of the administrator"
NAMES = [migration.name for migration in SCHEMA.migrations]


@pytest.fixture
def admin(bare: Cluster) -> str:
    """A managed administrator."""
    bare.execute(f"create role admin login createrole createdb password '{PASSWORD}'")
    return "admin"


def owned_by(admin: str, cluster: Cluster) -> tuple[ScratchDatabase, str]:
    """Return a database of this administrator's, and how the administrator connects to it."""
    database = cluster.create_database(f"owner {admin}")
    return database, database.conninfo_as(admin, PASSWORD)


def test_an_administrator_who_is_no_superuser_migrates(bare: Cluster, admin: str) -> None:
    """Given CREATEROLE and a database of one's own, the whole deployment works: roles, schema, logins, partitions,
    and migrating again.
    """
    database, conninfo = owned_by(admin, bare)

    assert migrations.migrate(conninfo, SCHEMA) == NAMES
    assert migrations.migrate(conninfo, SCHEMA) == []
    for role in LOGIN_ROLES:
        migrations.allow_login(conninfo, role, bare.password)
    assert migrations.make_partitions(conninfo, FIRST_DAY, LAST_DAY) == 24
    assert migrations.make_partitions(conninfo, FIRST_DAY, LAST_DAY) == 0

    org_id = uuid4()
    assert database.ingest([org_id], an_event(org_id)) == ["accepted"]
    assert database.rows("select distinct tableowner from pg_tables where schemaname = 'rollcall'") == [
        ("rollcall_owner",)
    ]


def test_a_second_database_on_the_cluster_is_no_trouble(bare: Cluster, admin: str) -> None:
    """Given roles that the administrator made for one database, another database of the same cluster migrates too."""
    for _ in range(2):
        assert migrations.migrate(owned_by(admin, bare)[1], SCHEMA) == NAMES


def test_roles_of_another_administrator_need_their_leave(bare: Cluster, admin: str) -> None:
    """Given roles of another owner, an administrator is refused with the grant to ask for; with that grant it works,
    though the administrator may not alter them.
    """
    migrations.migrate(bare.create_database().conninfo, SCHEMA)
    database, conninfo = owned_by(admin, bare)

    with pytest.raises(MigrationRefused, match="grant rollcall_owner to admin"):
        migrations.migrate(conninfo, SCHEMA)
    assert database.rows("select to_regnamespace('rollcall')::text") == [(None,)]

    bare.execute("grant rollcall_owner to admin")
    assert migrations.migrate(conninfo, SCHEMA) == NAMES
    assert migrations.make_partitions(conninfo, FIRST_DAY, LAST_DAY) == 24


def test_an_ordinary_role_is_refused_clearly(bare: Cluster) -> None:
    """One who may not make roles is refused, and nothing is left."""
    bare.execute(f"create role admin login password '{PASSWORD}'")
    database, conninfo = owned_by("admin", bare)
    with pytest.raises(MigrationRefused, match=r"roles.sql"):
        migrations.migrate(conninfo, SCHEMA)
    assert database.rows("select from pg_roles where rolname like 'rollcall%'") == []


def test_a_role_that_is_above_row_level_security_is_refused(bare: Cluster) -> None:
    """Roles found on the cluster are not trusted blindly: one that policies would not bind stops the migration."""
    bare.execute("create role rollcall_owner bypassrls")
    with pytest.raises(MigrationRefused, match="rollcall_owner"):
        migrations.migrate(bare.create_database().conninfo, SCHEMA)
    bare.execute("alter role rollcall_owner nobypassrls")
    assert migrations.migrate(bare.create_database().conninfo, SCHEMA) == NAMES
