"""Write keys in the database: made, found, listed and revoked, each organisation's apart."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors as pg
from rollcall.contracts.ingest.write_key import KEYS_MAX
from rollcall.domain.ingest import write_key
from rollcall.errors import WriteKeyUnknown
from rollcall.store.ingest.write_keys import WriteKeyStore
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


def new() -> tuple[UUID, bytes]:
    return uuid4(), write_key.digest(secrets.token_urlsafe(write_key.SECRET_BYTES))


def make(ops: WriteKeyStore, org_id: UUID) -> tuple[UUID, bytes]:
    made = new()
    assert ops.create_write_key(org_id, *made, "test", "test")
    return made


def test_a_key_is_found_until_it_is_revoked(stores: Stores) -> None:
    """And listed for ever, with when it was last used; a second revocation changes nothing."""
    app_store, ops = stores
    write_key_id, digest = make(ops, A)
    (fresh,) = ops.list_write_keys(A)
    assert (fresh.write_key_id, fresh.revoked_at, fresh.last_used_at) == (write_key_id, None, None)
    for _ in range(2):
        assert app_store.find_write_key(A, digest) == write_key_id
    (used,) = ops.list_write_keys(A)
    assert used.last_used_at is not None
    assert abs(used.last_used_at - datetime.now(UTC)) < timedelta(minutes=5)

    revoked = ops.revoke_write_key(A, write_key_id, "somebody")
    assert app_store.find_write_key(A, digest) is None
    assert revoked is not None
    assert (revoked.revoked_by, revoked.revoked_at is None) == ("somebody", False)
    assert ops.revoke_write_key(A, write_key_id, "somebody else") == revoked
    assert ops.list_write_keys(A) == [revoked]
    assert ops.revoke_write_key(A, uuid4(), "somebody") is None


def test_the_last_use_is_written_once_an_hour(stores: Stores, clone: ScratchDatabase) -> None:
    """A use within the hour writes nothing, one after it does, and a row that is locked keeps no look-up waiting."""
    app_store, ops = stores
    write_key_id, digest = make(ops, A)
    app_store.find_write_key(A, digest)
    version = "select xmin::text, last_used_at from rollcall.write_keys"
    first = clone.rows(version)
    app_store.find_write_key(A, digest)
    assert clone.rows(version) == first

    clone.execute("update rollcall.write_keys set last_used_at = now() - interval '61 minutes'")
    stale = clone.rows(version)
    with psycopg.connect(clone.conninfo) as other:
        other.execute("select * from rollcall.write_keys for update")
        assert app_store.find_write_key(A, digest) == write_key_id
        assert clone.rows("select last_used_at from rollcall.write_keys") == [(stale[0][1],)]
    app_store.find_write_key(A, digest)
    assert clone.rows("select last_used_at from rollcall.write_keys") != [(stale[0][1],)]


def test_a_replaced_key_is_good_until_its_time(stores: Stores, clone: ScratchDatabase) -> None:
    """Both work during the overlap, the new one alone after it; the row of each says which replaced which."""
    app_store, ops = stores
    old_id, old_digest = make(ops, A)
    new_id, new_digest = new()
    made, replaced = ops.rotate_write_key(A, old_id, (new_id, new_digest), "somebody", 3600)
    assert made is not None
    assert replaced is not None
    assert (made.replaces_id, made.label, made.created_by) == (old_id, "test", "somebody")
    assert replaced.expires_at == made.created_at + timedelta(hours=1)
    assert [app_store.find_write_key(A, digest) for digest in (old_digest, new_digest)] == [old_id, new_id]

    clone.execute(
        "update rollcall.write_keys"
        " set created_at = created_at - interval '2 hours', expires_at = expires_at - interval '2 hours'"
    )
    assert [app_store.find_write_key(A, digest) for digest in (old_digest, new_digest)] == [None, new_id]


def test_a_rotation_without_overlap_ends_the_old_key_at_once(stores: Stores) -> None:
    """As where its secret became known."""
    app_store, ops = stores
    old_id, old_digest = make(ops, A)
    ops.rotate_write_key(A, old_id, new(), "somebody", 0)
    assert app_store.find_write_key(A, old_digest) is None


@pytest.mark.parametrize("ended", ["revoked", "replaced", "unknown", "another's"])
def test_what_ended_is_not_rotated(stores: Stores, ended: str) -> None:
    """Nothing is made, and what there is stays as it is."""
    _, ops = stores
    write_key_id, _ = make(ops, A)
    org_id = B if ended == "another's" else A
    if ended == "revoked":
        ops.revoke_write_key(A, write_key_id, "test")
    elif ended == "replaced":
        ops.rotate_write_key(A, write_key_id, new(), "test", 60)
    elif ended == "unknown":
        write_key_id = uuid4()
    before = [ops.list_write_keys(organisation) for organisation in (A, B)]
    made, replaced = ops.rotate_write_key(org_id, write_key_id, new(), "test", 60)
    assert made is None
    assert (replaced is None) == (ended in {"unknown", "another's"})
    assert [ops.list_write_keys(organisation) for organisation in (A, B)] == before


def test_an_organisation_has_so_many_good_keys(stores: Stores) -> None:
    """One that ended makes room; another organisation's do not count."""
    _, ops = stores
    made = [make(ops, A) for _ in range(KEYS_MAX)]
    assert ops.create_write_key(A, *new(), "test", "test") is None
    assert ops.create_write_key(B, *new(), "test", "test")
    ops.revoke_write_key(A, made[0][0], "test")
    assert ops.create_write_key(A, *new(), "test", "test")


def test_no_organisation_touches_anothers_keys(stores: Stores, clone: ScratchDatabase) -> None:
    """B's digest under A's name finds nothing; A lists its own, and cannot revoke B's."""
    app_store, ops = stores
    made = {org_id: make(ops, org_id) for org_id in (A, B)}
    before = clone.contents()["write_keys"]
    for own, other in permutations((A, B)):
        write_key_id, digest = made[other]
        assert app_store.find_write_key(own, digest) is None
        assert ops.revoke_write_key(own, write_key_id, "test") is None
        assert [key.write_key_id for key in ops.list_write_keys(own)] == [made[own][0]]
    assert clone.contents()["write_keys"] == before


@pytest.mark.parametrize(
    ("role", "attempt"),
    [
        ("rollcall_app", "select rollcall.create_write_key_v2(gen_random_uuid(), gen_random_uuid(), '', 'l', 'b', 9)"),
        ("rollcall_app", "select rollcall.list_write_keys_v2(gen_random_uuid(), 9)"),
        ("rollcall_app", "select rollcall.revoke_write_key_v2(gen_random_uuid(), gen_random_uuid(), 'b')"),
        (
            "rollcall_app",
            "select rollcall.rotate_write_key_v1(gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '', 'b', 9)",
        ),
        ("rollcall_app", "select * from rollcall.write_keys"),
        ("rollcall_ops", "select * from rollcall.write_keys"),
        ("rollcall_reader", "select rollcall.list_write_keys_v2(gen_random_uuid(), 9)"),
    ],
)
def test_functions_that_serve_events_only_look_keys_up(clone: ScratchDatabase, role: str, attempt: str) -> None:
    """The role of a function can neither make nor list keys, and no role can read the table."""
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
    newer = run(clone, "write-key", "rotate", write_key_id, "--org", A, "--overlap-hours", 24).splitlines()[-1]
    assert "until" in run(clone, "write-key", "list", "--org", A)
    assert None not in {app_store.find_write_key(A, digest_of(good)) for good in (key, newer)}
    run(clone, "write-key", "revoke", write_key_id, "--org", A)
    assert "revoked" in run(clone, "write-key", "list", "--org", A)
    assert app_store.find_write_key(A, digest_of(key)) is None
    assert {key.created_by for key in ops.list_write_keys(A)} == {"cli:postgres"}


def test_a_label_keeps_nothing_personal(clone: ScratchDatabase, stores: Stores) -> None:
    """What value rules find in it is taken out before it is kept."""
    _, ops = stores
    run(clone, "write-key", "create", "--org", A, "--label", "website of kim@school.example")
    (kept,) = ops.list_write_keys(A)
    assert "website of" in kept.label
    assert "kim" not in kept.label


def test_the_command_says_what_a_person_can_mend(clone: ScratchDatabase) -> None:
    """A key that the organisation does not have, and a database that is not there."""
    unknown = CliRunner().invoke(app, ["write-key", "revoke", str(uuid4()), "--org", str(A), "--dsn", clone.conninfo])
    assert isinstance(unknown.exception, WriteKeyUnknown)
    away = CliRunner().invoke(app, ["write-key", "list", "--org", str(A), "--dsn", "host=127.0.0.1 port=9"])
    assert "The database refused" in str(away.exception)


def test_an_administrator_who_is_no_superuser_may_look_after_keys(clone: ScratchDatabase) -> None:
    """A role that may act for the ops role: here, the role itself."""
    dsn = clone.conninfo_as("rollcall_ops")
    done = CliRunner().invoke(app, ["write-key", "create", "--org", str(A), "--dsn", dsn])
    assert done.exit_code == 0, done.exception
    with psycopg.connect(clone.conninfo) as session:
        assert session.execute("select count(*) from rollcall.write_keys").fetchone() == (1,)
