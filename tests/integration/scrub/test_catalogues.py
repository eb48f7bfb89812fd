"""Course catalogues in the database: each organisation's own, set whole, with who did it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest
from rollcall.store.scrub import CatalogueStore

from tests.postgres import ScratchDatabase

A, B = uuid4(), uuid4()
Stores = tuple[CatalogueStore, CatalogueStore]


@pytest.fixture
def stores(clone: ScratchDatabase) -> Iterator[Stores]:
    """The store as the functions that take events use it, and as administrators' do."""
    databases = [clone.database("rollcall_app"), clone.database("rollcall_ops")]
    yield CatalogueStore(databases[0]), CatalogueStore(databases[1])
    for database in databases:
        database.close()


def changes_of(ops: CatalogueStore, org_id: UUID) -> list[tuple[str, str | None, int, int]]:
    changes = ops.list_catalogue_changes(org_id, 200)
    return [(change.changed_by, change.reason, change.added, change.removed) for change in changes]


def test_a_catalogue_is_set_whole_and_each_organisations_own(stores: Stores) -> None:
    """What was in it and is not named goes; every change has its line, and what changes nothing has none."""
    app, ops = stores
    ops.set_catalogue(A, ["b", "a", "a"], "ann", "why")
    ops.set_catalogue(B, ["other"], "bob", None)
    ops.set_catalogue(A, ["a", "Ä 1"], "cy", None)
    ops.set_catalogue(A, ["Ä 1", "a"], "dee", None)
    assert app.read_catalogue(A) == ops.read_catalogue(A) == ["a", "Ä 1"]
    assert app.read_catalogue(B) == ["other"]
    assert app.read_catalogue(uuid4()) == []
    assert changes_of(ops, A) == [("cy", None, 1, 1), ("ann", "why", 2, 0)]
    ops.set_catalogue(A, [], "ann", None)
    assert app.read_catalogue(A) == []


def test_the_functions_that_take_events_cannot_change_one(stores: Stores) -> None:
    """Only administrators' role may."""
    app, _ = stores
    with pytest.raises(psycopg.Error):
        app.set_catalogue(A, ["a"], "app", None)
    with pytest.raises(psycopg.Error):
        app.list_catalogue_changes(A, 1)


def test_a_hundred_changes_are_remembered(stores: Stores) -> None:
    """The latest; the table does not grow with what administrators do."""
    _, ops = stores
    for number in range(103):
        ops.set_catalogue(A, [str(number)], f"by {number}", None)
    assert [who for who, *_ in changes_of(ops, A)] == [f"by {number}" for number in range(102, 2, -1)]


def test_two_at_once_do_not_mix(clone: ScratchDatabase) -> None:
    """One of the two catalogues is there, whole."""
    wanted = [[f"{who}-{number}" for number in range(300)] for who in "ab"]
    databases = [clone.database("rollcall_ops") for _ in wanted]
    with ThreadPoolExecutor() as pool:
        for _ in range(5):
            done = [
                pool.submit(CatalogueStore(database).set_catalogue, A, ids, "x", None)
                for database, ids in zip(databases, wanted, strict=True)
            ]
            for each in done:
                each.result()
            assert CatalogueStore(databases[0]).read_catalogue(A) in [sorted(ids) for ids in wanted]
    for database in databases:
        database.close()
