"""Operations in the database: who may work on one, what an advance counts, and which rows cannot be."""

import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors as pg
from rollcall.contracts.operations import Operation, OperationRequest
from rollcall.errors import OperationActive
from rollcall.flows.operations.request import RequestOperation
from rollcall.store.operations import OperationStore

from tests.postgres import ScratchDatabase

LEASE_SECONDS = 30


@pytest.fixture
def store(clone: ScratchDatabase) -> Iterator[OperationStore]:
    """The operations, as the functions of the ops role reach them."""
    database = clone.database("rollcall_ops")
    yield OperationStore(database)
    database.close()


def request(org_id: UUID, **changes: Any) -> OperationRequest:
    fields: dict[str, Any] = {"org_id": org_id, "kind": "replay", "source": "events", "requested_by": "somebody"}
    return OperationRequest.model_validate(fields | changes)


def begin(store: OperationStore, org_id: UUID, **changes: Any) -> tuple[Operation, UUID]:
    """Ask for an operation, and take it."""
    asked, is_new = store.request(request(org_id, **changes), uuid4())
    assert is_new
    operation, lease_id = store.lease(org_id, asked.operation_id, LEASE_SECONDS)
    assert operation is not None
    assert lease_id is not None
    return operation, lease_id


def advance(
    store: OperationStore, operation: Operation, lease_id: UUID, *, is_done: bool = False, **counts: int
) -> Operation | None:
    cursor = {"step": operation.step_number}
    return store.advance(operation, lease_id, LEASE_SECONDS, cursor, counts, is_done=is_done)


def end_lease(clone: ScratchDatabase, operation: Operation) -> None:
    """Let time pass until the lease has ended."""
    clone.execute(
        "update rollcall.operations set leased_until = clock_timestamp() where operation_id = %s",
        (operation.operation_id,),
    )


def test_what_was_asked_for_is_what_is_read(store: OperationStore) -> None:
    """Every member comes back, for who asks with the organisation."""
    org_id, operation_id = uuid4(), uuid4()
    asked = request(
        org_id,
        parameters={"from": "2026-03-01T00:00:00Z"},
        is_dry_run=True,
        rate_per_second=2.5,
        reason="projections were edited by hand",
    )
    operation, is_new = store.request(asked, operation_id)
    assert is_new
    assert operation.model_dump(include=set(OperationRequest.model_fields)) == asked.model_dump()
    assert (operation.state, operation.cursor, operation.counts, operation.step_number) == ("queued", None, {}, 0)
    assert store.read("replay", operation_id, [uuid4(), org_id]) == operation


def test_another_organisations_operation_is_not_there(store: OperationStore) -> None:
    """Neither to read, nor to cancel, nor to list, nor to work on."""
    org_id = uuid4()
    operation, lease_id = begin(store, org_id)
    assert store.read("replay", operation.operation_id, [uuid4()]) is None
    assert store.read("scrub", operation.operation_id, [org_id]) is None
    assert store.cancel("replay", operation.operation_id, [uuid4()]) is None
    assert store.list_recent("replay", uuid4(), 10) == []
    assert store.lease(uuid4(), operation.operation_id, LEASE_SECONDS) == (None, None)
    stranger = operation.model_copy(update={"org_id": uuid4()})
    assert advance(store, stranger, lease_id) is None
    assert store.release(stranger, lease_id) is None
    assert store.read("replay", operation.operation_id, [org_id]) == operation


def test_one_is_active_for_each_organisation_kind_and_source(clone: ScratchDatabase, store: OperationStore) -> None:
    """A second request is answered with the first, until that is finished; anything else may run beside it."""
    org_id = uuid4()
    first, lease_id = begin(store, org_id)
    again, is_new = store.request(request(org_id), uuid4())
    assert (again, is_new) == (first, False)
    for other in (
        request(uuid4()),
        request(org_id, source="spool"),
        request(org_id, kind="scrub"),
    ):
        assert store.request(other, uuid4())[1]
    flow = RequestOperation(store, lambda _message: None, uuid4)
    with pytest.raises(OperationActive, match=str(first.operation_id)):
        flow.request(request(org_id))
    advance(store, first, lease_id, is_done=True)
    assert store.request(request(org_id), uuid4())[1]
    with pytest.raises(pg.UniqueViolation):
        clone.execute(
            "insert into rollcall.operations (org_id, operation_id, kind, source, requested_by)"
            " values (%s, %s, 'replay', 'events', 'x')",
            (org_id, uuid4()),
        )


def test_of_many_who_ask_at_once_one_gets_it(clone: ScratchDatabase) -> None:
    """Eight requests at the same moment make one operation, and all hear of the same."""
    org_id, heard = uuid4(), []
    barrier = threading.Barrier(8)

    def ask() -> None:
        database = clone.database("rollcall_ops")
        barrier.wait()
        heard.append(OperationStore(database).request(request(org_id), uuid4()))
        database.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(is_new for _, is_new in heard) == 1
    assert len({operation.operation_id for operation, _ in heard}) == 1


def test_a_lease_keeps_others_out_until_it_ends(clone: ScratchDatabase, store: OperationStore) -> None:
    """A second worker gets nothing; once the lease has ended it gets the operation, and the first can note nothing."""
    org_id = uuid4()
    operation, first = begin(store, org_id)
    assert (operation.state, operation.started_at is not None) == ("running", True)
    assert store.lease(org_id, operation.operation_id, LEASE_SECONDS) == (operation, None)
    end_lease(clone, operation)
    _, second = store.lease(org_id, operation.operation_id, LEASE_SECONDS)
    assert second not in {None, first}
    assert advance(store, operation, first, done=1) is None
    assert store.release(operation, first) is None
    assert second is not None
    moved = advance(store, operation, second, done=1)
    assert moved is not None
    assert moved.counts == {"done": 1}


def test_each_chunk_renews_the_lease(clone: ScratchDatabase, store: OperationStore) -> None:
    """A worker that goes on keeps it, however long it takes in all."""
    org_id = uuid4()
    operation, lease_id = begin(store, org_id)
    clone.execute("update rollcall.operations set leased_until = clock_timestamp() + interval '1 second'")
    advance(store, operation, lease_id)
    ((seconds,),) = clone.rows("select extract(epoch from leased_until - clock_timestamp()) from rollcall.operations")
    assert seconds > LEASE_SECONDS / 2


def test_a_chunk_counts_once_however_often_it_is_noted(store: OperationStore) -> None:
    """An answer that was lost on the way: the same note again changes nothing, and says how far it really is."""
    operation, lease_id = begin(store, uuid4())
    moved = advance(store, operation, lease_id, done=10, total=20)
    assert moved is not None
    assert advance(store, operation, lease_id, done=10, total=20) == moved
    assert (moved.step_number, moved.counts, moved.cursor) == (1, {"done": 10, "total": 20}, {"step": 0})
    last = advance(store, moved, lease_id, is_done=True, done=10, failed=2)
    assert last is not None
    assert (last.state, last.counts) == ("done", {"done": 20, "total": 20, "failed": 2})
    assert last.finished_at is not None
    assert store.lease(last.org_id, last.operation_id, LEASE_SECONDS) == (last, None)


def test_a_released_operation_is_there_at_once(store: OperationStore) -> None:
    """The next worker need not wait for the lease to end."""
    operation, lease_id = begin(store, uuid4())
    assert store.release(operation, lease_id) == operation
    _, again = store.lease(operation.org_id, operation.operation_id, LEASE_SECONDS)
    assert again not in {None, lease_id}


def test_faults_in_a_row_fail_it_and_a_chunk_between_forgives(store: OperationStore) -> None:
    """The third of three in a row is one too many; its code is kept."""
    org_id = uuid4()
    operation, lease_id = begin(store, org_id)

    def fault() -> Operation:
        released = store.release(operation, current, "internal_error", 3)
        assert released is not None
        return released

    def take() -> UUID:
        _, taken = store.lease(org_id, operation.operation_id, LEASE_SECONDS)
        assert taken is not None
        return taken

    current = lease_id
    assert fault().state == "running"
    current = take()
    assert fault().state == "running"
    current = take()
    moved = advance(store, operation, current)
    assert moved is not None
    for _ in range(2):
        assert fault().state == "running"
        current = take()
    failed = fault()
    assert (failed.state, failed.error_code) == ("failed", "internal_error")
    assert failed.finished_at is not None


def test_cancelling_takes_hold_at_once_where_nobody_works(store: OperationStore) -> None:
    """Queued, or between two slices."""
    org_id = uuid4()
    queued, _ = store.request(request(org_id), uuid4())
    cancelled = store.cancel("replay", queued.operation_id, [org_id])
    assert cancelled is not None
    assert (cancelled.state, cancelled.started_at) == ("cancelled", None)
    assert store.lease(org_id, queued.operation_id, LEASE_SECONDS) == (cancelled, None)
    operation, lease_id = begin(store, org_id)
    store.release(operation, lease_id)
    idle = store.cancel("replay", operation.operation_id, [org_id])
    assert idle is not None
    assert idle.state == "cancelled"


def test_cancelling_waits_for_the_chunk_under_way(store: OperationStore) -> None:
    """What that chunk did is counted; then it ends. Cancelling again, or what is finished, changes nothing."""
    org_id = uuid4()
    operation, lease_id = begin(store, org_id)
    asked = store.cancel("replay", operation.operation_id, [org_id])
    assert asked is not None
    assert (asked.state, asked.cancel_requested_at is not None) == ("running", True)
    assert store.cancel("replay", operation.operation_id, [org_id]) == asked
    ended = advance(store, operation, lease_id, done=3)
    assert ended is not None
    assert (ended.state, ended.counts) == ("cancelled", {"done": 3})
    assert store.cancel("replay", operation.operation_id, [org_id]) == ended


@pytest.mark.parametrize("how", ["released", "killed"])
def test_cancelling_holds_when_the_worker_never_comes_back(
    clone: ScratchDatabase, store: OperationStore, how: str
) -> None:
    """Released between chunks, or after a kill: the next worker finds it cancelled."""
    org_id = uuid4()
    operation, lease_id = begin(store, org_id)
    store.cancel("replay", operation.operation_id, [org_id])
    if how == "released":
        released = store.release(operation, lease_id)
        assert released is not None
        assert released.state == "cancelled"
    else:
        end_lease(clone, operation)
    found, taken = store.lease(org_id, operation.operation_id, LEASE_SECONDS)
    assert found is not None
    assert (found.state, taken) == ("cancelled", None)


def test_the_list_has_the_newest_first(store: OperationStore) -> None:
    """Those of one kind, and no more than asked for."""
    org_id = uuid4()
    ids = []
    for source in ("a", "b", "c"):
        operation, _ = store.request(request(org_id, source=source), uuid4())
        ids.append(operation.operation_id)
    store.request(request(org_id, kind="scrub"), uuid4())
    assert [operation.operation_id for operation in store.list_recent("replay", org_id, 2)] == [ids[2], ids[1]]


IMPOSSIBLE = {
    "running, never started": "state = 'running'",
    "queued, and started": "started_at = now()",
    "done, and not finished": "state = 'done', started_at = now()",
    "finished, and queued": "finished_at = now()",
    "failed without a reason": "state = 'failed', started_at = now(), finished_at = now()",
    "a reason without a failure": "error_code = 'internal_error'",
    "cancelled without a requester": "state = 'cancelled', finished_at = now()",
    "leased while queued": "lease_id = gen_random_uuid(), leased_until = now()",
    "a lease without an end": "state = 'running', started_at = now(), lease_id = gen_random_uuid()",
    "a rate of nothing": "rate_per_second = 0",
    "parameters that are a list": "parameters = '[]'",
    "a source without a name": "source = ''",
}


@pytest.mark.parametrize("change", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_illegal_rows_cannot_exist(clone: ScratchDatabase, store: OperationStore, change: str) -> None:
    """The table refuses the row from every writer."""
    store.request(request(uuid4()), uuid4())
    with pytest.raises(pg.CheckViolation), psycopg.connect(clone.conninfo) as connection:
        connection.execute(f"update rollcall.operations set {change}".encode())
