"""Write keys in the database: made, found, listed and revoked, each organisation's apart."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors as pg
from rollcall.domain import write_key
from rollcall.store.write_keys import WriteKeyStore
from typer.testing import CliRunner

from tests.postgres import ScratchDatabase
from workbench.cli import app

A, B = uuid4(), uuid4()


def digest_of(key: str) -> bytes:
    presented = write_key.read(key)
    assert presented is not None
    return presented.secret_digest


@pytest.fixture
def stores(clone: ScratchDatabase) -> Iterator[tuple[WriteKeyStore, WriteKeyStore]]:
    """The store as the functions use it, and as those who look after keys do."""
    databases = [clone.database("rollcall_app"), clone.database("rollcall_ops")]
    yield WriteKeyStore(databases[0]), WriteKeyStore(databases[1])
    for database in databases:
        database.close()


Stores = tuple[WriteKeyStore, WriteKeyStore]


def make(ops: WriteKeyStore, org_id: UUID) -> tuple[UUID, bytes]:
    key = write_key.write(org_id, secrets.token_urlsafe(write_key.SECRET_BYTES))
    write_key_id = uuid4()
    ops.create_write_key(org_id, write_key_id, digest_of(key), "test", "test")
    return write_key_id, digest_of(key)


def test_a_key_is_found_until_it_is_revoked(stores: Stores) -> None:
    """And listed for ever, with the day of its last use; a second revocation changes nothing."""
    app_store, ops = stores
    write_key_id, digest = make(ops, A)
    (fresh,) = ops.list_write_keys(A)
    assert (fresh.write_key_id, fresh.revoked_at, fresh.last_used_on) == (write_key_id, None, None)
    for _ in range(2):
        assert app_store.find_write_key(A, digest) == write_key_id
    (used,) = ops.list_write_keys(A)
    assert used.last_used_on == datetime.now(UTC).date()

    assert ops.revoke_write_key(A, write_key_id)
    assert app_store.find_write_key(A, digest) is None
    (revoked,) = ops.list_write_keys(A)
    assert revoked.revoked_at is not None
    assert ops.revoke_write_key(A, write_key_id)
    assert ops.list_write_keys(A) == [revoked]
    assert not ops.revoke_write_key(A, uuid4())


def test_no_organisation_touches_anothers_keys(stores: Stores, clone: ScratchDatabase) -> None:
    """B's digest under A's name finds nothing; A lists its own, and cannot revoke B's."""
    app_store, ops = stores
    made = {org_id: make(ops, org_id) for org_id in (A, B)}
    before = clone.contents()["write_keys"]
    for own, other in permutations((A, B)):
        write_key_id, digest = made[other]
        assert app_store.find_write_key(own, digest) is None
        assert not ops.revoke_write_key(own, write_key_id)
        assert [key.write_key_id for key in ops.list_write_keys(own)] == [made[own][0]]
    assert clone.contents()["write_keys"] == before


@pytest.mark.parametrize(
    ("role", "attempt"),
    [
        ("rollcall_app", "select rollcall.create_write_key_v1(gen_random_uuid(), gen_random_uuid(), '', 'l', 'b')"),
        ("rollcall_app", "select rollcall.list_write_keys_v1(gen_random_uuid())"),
        ("rollcall_app", "select rollcall.revoke_write_key_v1(gen_random_uuid(), gen_random_uuid())"),
        ("rollcall_app", "select * from rollcall.write_keys"),
        ("rollcall_ops", "select * from rollcall.write_keys"),
        ("rollcall_reader", "select rollcall.list_write_keys_v1(gen_random_uuid())"),
    ],
)
def test_functions_that_serve_events_only_look_keys_up(clone: ScratchDatabase, role: str, attempt: str) -> None:
    """Whoever takes over a function makes no key, and sees no list of them; nobody reads the table."""
    with clone.connect(role) as session, pytest.raises(pg.InsufficientPrivilege):
        session.execute(attempt.encode())


def run(database: ScratchDatabase, *arguments: object) -> str:
    """Run the command against a database, and return what it printed on stdout."""
    done = CliRunner().invoke(app, list(map(str, arguments)), env={"ROLLCALL_DSN": database.conninfo}, color=False)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def test_the_command_makes_lists_and_revokes(clone: ScratchDatabase, stores: Stores) -> None:
    """The key is the last line of what is printed, works at once, and stands in no row; the list has its id."""
    app_store, ops = stores
    key = run(clone, "write-key", "create", "--org", A, "--label", "website").splitlines()[-1]
    assert key not in str(clone.contents())
    assert key.rpartition("_")[2] not in str(clone.contents())
    write_key_id = app_store.find_write_key(A, digest_of(key))
    assert write_key_id is not None
    listed = run(clone, "write-key", "list", "--org", A)
    assert str(write_key_id) in listed
    assert "website" in listed
    run(clone, "write-key", "revoke", write_key_id, "--org", A)
    assert "revoked" in run(clone, "write-key", "list", "--org", A)
    assert app_store.find_write_key(A, digest_of(key)) is None
    assert ops.list_write_keys(A)[0].created_by.startswith("cli:")


def test_the_command_says_what_a_person_can_mend(clone: ScratchDatabase) -> None:
    """A key that the organisation does not have, and a database that is not there."""
    unknown = CliRunner().invoke(app, ["write-key", "revoke", str(uuid4()), "--org", str(A), "--dsn", clone.conninfo])
    assert "no such write key" in str(unknown.exception)
    away = CliRunner().invoke(app, ["write-key", "list", "--org", str(A), "--dsn", "host=127.0.0.1 port=9"])
    assert "The database refused" in str(away.exception)


def test_an_administrator_who_is_no_superuser_may_look_after_keys(clone: ScratchDatabase) -> None:
    """Whoever may act for the ops role: here, the role itself."""
    dsn = clone.conninfo_as("rollcall_ops")
    done = CliRunner().invoke(app, ["write-key", "create", "--org", str(A), "--dsn", dsn])
    assert done.exit_code == 0, done.exception
    with psycopg.connect(clone.conninfo) as session:
        assert session.execute("select count(*) from rollcall.write_keys").fetchone() == (1,)
