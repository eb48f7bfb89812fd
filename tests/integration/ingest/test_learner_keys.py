"""Keys of learner ids in the database: the first one stays for every caller, and each organisation has its own."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from rollcall.store.ingest.learner_keys import LearnerKeyStore

from tests.postgres import ScratchDatabase

A, B = uuid4(), uuid4()


@pytest.mark.parametrize("role", ["rollcall_app", "rollcall_ops"])
def test_the_first_key_stays(clone: ScratchDatabase, role: str) -> None:
    """Asked again after a rotation, an organisation keeps its key; one that is new has the new one."""
    database = clone.database(role)
    store = LearnerKeyStore(database)

    assert store.learner_keys([A], "k1") == {A: "k1"}
    assert store.learner_keys([A, B, A], "k2") == {A: "k1", B: "k2"}
    assert store.learner_keys([B, A], "k3") == {A: "k1", B: "k2"}
    database.close()


def test_of_two_that_come_at_once_the_first_counts(clone: ScratchDatabase) -> None:
    """Every process of a deployment learns the same key, in whatever order it asks."""
    org_ids = [uuid4() for _ in range(20)]
    databases = [clone.database() for _ in range(6)]

    def ask(number: int) -> dict[UUID, str]:
        named = org_ids if number % 2 else org_ids[::-1]
        return dict(LearnerKeyStore(databases[number]).learner_keys(named, f"k{number}"))

    with ThreadPoolExecutor(len(databases)) as pool:
        answers = list(pool.map(ask, range(len(databases))))
    for database in databases:
        database.close()

    assert all(answer == answers[0] for answer in answers)
    assert set(answers[0]) == set(org_ids)


def test_the_application_reads_no_other_way(clone: ScratchDatabase) -> None:
    """The table is the procedure's alone."""
    grants = clone.rows(
        "select grantee from information_schema.role_table_grants"
        " where table_schema = 'rollcall' and table_name = 'learner_keys' and grantee <> 'rollcall_owner'"
    )
    assert [grantee for (grantee,) in grants if grantee.startswith("rollcall_")] == []
