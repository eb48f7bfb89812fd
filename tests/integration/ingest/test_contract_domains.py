"""No contract is wider than the store: whatever one lets through, its procedure stores, on a real database.

Each case overlays a valid document with hostile values in any of its members; what the contract still takes is given to
the procedure, which may not refuse it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from rollcall.contracts.assignments import AssignmentOrder
from rollcall.contracts.dead_letters.letter import Failure
from rollcall.contracts.dead_letters.redrive import DiscardOrder, RedriveOrder
from rollcall.contracts.ingest.analytics import AnalyticsEvent
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.contracts.operations import OperationRequest
from rollcall.contracts.privacy import LearnerRequest
from rollcall.contracts.replay import ReplayRequest
from rollcall.errors import ScrubFailed
from rollcall.flows.ingest.load import LoadResult, load_analytics, load_spooled
from rollcall.flows.scrub.events import scrub_event
from rollcall.store.assignments import AssignmentStore
from rollcall.store.dead_letters.failures import FailureStore
from rollcall.store.dead_letters.letters import DeadLetterStore
from rollcall.store.operations import OperationStore

from tests.builders import NOW, an_event, queued_batch
from tests.integration.dead_letters.test_redrive import scrubbing_of
from tests.postgres import ScratchDatabase

A = uuid4()
TIMES = [
    *(
        "2026-03-10T12:00:00+16:00",
        "2026-03-10T12:00:00-23:59",
        "2026-03-10T12:00:00.999999999Z",
        "2026-03-10T23:59:60Z",
    ),
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00"),
    *(
        "1970-01-01T00:00:00Z",
        "9998-12-31T23:59:59+00:00",
        "2026-03-10t12:00:00z",
        "infinity",
        "-infinity",
        "epoch",
        "now",
    ),
]
TEXTS = [
    "\x00",
    "a\x00b",
    "\ud800",
    "\uffff",
    "\u202e",
    "é" * 128,
    "x" * 128,
    "x" * 129,
    "x" * 10_000,
    " ",
    "'",
    "\\",
    "\t",
    "",
]
NUMBERS = [0, -0.0, -1, 1e-300, 0.005, 99.999, 100.004, 1e300, 2**31, 2**63, 10**30, 86_400, 86_400.0, 0.01, 10_000]
hostile: Any = st.recursive(
    st.sampled_from([*TIMES, *TEXTS, *NUMBERS, None, True, str(UUID(int=0)), "{" + str(A) + "}", A.hex])
    | st.text(max_size=8)
    | st.integers()
    | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*TEXTS, "unit", "n"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@dataclass
class Desk:
    """The stores, as the functions of each role have them."""

    clone: ScratchDatabase

    def __post_init__(self) -> None:
        """Open them."""
        self.ops = self.clone.database("rollcall_ops")
        self.operations = OperationStore(self.ops)
        self.letters = DeadLetterStore(self.ops)
        self.failure_store = FailureStore(self.clone.store._database)


@pytest.fixture
def desk(clone: ScratchDatabase) -> Any:
    desk = Desk(clone)
    yield desk
    desk.ops.close()


def progress(desk: Desk, event: ProgressEvent) -> None:
    assert desk.clone.take([A], event).outcomes in (
        ["accepted"],
        ["duplicate"],
        ["conflict"],
        ["org_forbidden"],
        ["org_unresolved"],
    )


def spooled(desk: Desk, batch: SpooledBatch) -> None:
    assert load_spooled(batch.model_dump_json(exclude_none=True), desk.clone.store).unfit == ()


def analytics(desk: Desk, event: AnalyticsEvent) -> None:
    """Scrubbed, as the handler queues it; what cannot be scrubbed is rejected by name, and never queued."""
    try:
        scrubbed = scrub_event(event, scrubbing_of(A), lambda moment: moment)
    except ScrubFailed:
        return
    message = queued_batch(A, scrubbed).model_dump_json(exclude_none=True)
    (loaded,) = load_analytics({"m": message}, desk.clone.analytics).values()
    assert isinstance(loaded, LoadResult), loaded
    assert loaded.unfit == ()


def failure(desk: Desk, told: Failure) -> None:
    desk.failure_store.record_dead_letter(A, told)
    assert desk.letters.read_dead_letter(A, told.dead_letter_id) is not None


def request(desk: Desk, kind: Any, parameters: dict[str, Any], **members: Any) -> Any:
    asked = OperationRequest(
        org_id=A, kind=kind, source=f"events {uuid4()}", parameters=parameters, requested_by="somebody", **members
    )
    operation, _ = desk.operations.request(asked, uuid4())
    return operation


def replay(desk: Desk, asked: ReplayRequest) -> None:
    operation = request(
        desk, "replay", asked.parameters(), is_dry_run=asked.dry_run, rate_per_second=asked.rate, reason=asked.reason
    )
    _, lease_id = desk.operations.lease(A, operation.operation_id, 30)
    assert lease_id is not None
    assert desk.operations.replay_progress(operation, lease_id, 30, 25) is not None


def redrive(desk: Desk, asked: RedriveOrder) -> None:
    parameters = {"selection": asked.selection.model_dump(mode="json", exclude_none=True)}
    request(desk, "redrive", parameters, rate_per_second=asked.rate_per_second, reason=asked.reason)
    desk.letters.select_dead_letters(A, asked.selection, NOW, None, 10)


def discard(desk: Desk, asked: DiscardOrder) -> None:
    desk.letters.discard_dead_letters(
        A, asked.selection, "somebody", asked.reason, dry_run=asked.dry_run, limit=10, until=asked.until
    )


def erase(desk: Desk, asked: LearnerRequest) -> None:
    request(desk, "erase", {"user_id": str(asked.user_id)}, is_dry_run=asked.dry_run, reason=asked.reason)


def assign(desk: Desk, order: AssignmentOrder) -> None:
    digests = (uuid4().bytes * 2, uuid4().bytes * 2)
    parameters = order.parameters("algebra", uuid4())
    made, _ = AssignmentStore(desk.ops).request(
        A, uuid4(), digests, parameters, order.user_ids, ("somebody", order.reason), 1_000
    )
    assert made is not None
    assert made.state == "done"


LETTER = {
    "dead_letter_id": str(uuid4()), "failure_id": str(uuid4()), "queue": "analytics", "cause": "unknown",
    "error_code": "unknown", "first_failed_at": NOW.isoformat(), "failed_at": NOW.isoformat(), "receive_count": 3,
    "size_bytes": 4, "body_digest": "f" * 32, "event_ids": [str(uuid4())], "archive_key": "k",
}  # fmt: skip
ORDER = {"org_id": str(A), "selection": {"all": True}, "reason": "why"}


def document_of(model: BaseModel) -> dict[str, Any]:
    return dict(json.loads(model.model_dump_json(exclude_none=True)))


Case = tuple[type[BaseModel], dict[str, Any], Callable[[Any, Any], None]]
CASES: dict[str, Case] = {
    "progress": (ProgressEvent, document_of(an_event(A, attributes={"unit": 1})), progress),
    "spool": (
        SpooledBatch,
        document_of(SpooledBatch(subject="subject:" + "0" * 32, org_ids=[A], received_at=NOW, events=[an_event(A)])),
        spooled,
    ),
    "analytics": (
        AnalyticsEvent,
        {
            "event_id": str(uuid4()),
            "org_id": str(A),
            "name": "lesson_viewed",
            "occurred_at": NOW.isoformat(),
            "user_id": "u-1",
            "anonymous_id": "a",
            "session_id": "s",
            "properties": {"score": 1, "lesson_id": "l"},
        },
        analytics,
    ),
    "dead letter": (Failure, LETTER, failure),
    "replay": (
        ReplayRequest,
        {"org_id": str(A), "from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z", "rate": 5, "reason": "why"},
        replay,
    ),
    "redrive": (RedriveOrder, ORDER | {"rate_per_second": 5}, redrive),
    "discard": (DiscardOrder, ORDER | {"until": NOW.isoformat()}, discard),
    "erase": (LearnerRequest, {"org_id": str(A), "user_id": str(uuid4()), "reason": "why"}, erase),
    "assign": (
        AssignmentOrder,
        {"org_id": str(A), "user_ids": [str(uuid4())], "due_at": NOW.isoformat(), "reason": "why"},
        assign,
    ),
}


def overlaid(document: dict[str, Any]) -> Any:
    """Return the document with hostile values in some members, also of its first event."""
    within = document.get("events")
    around = st.dictionaries(st.sampled_from(sorted(document)), hostile, max_size=2)
    if not isinstance(within, list):
        return around.map(lambda changes: document | changes)
    inner = st.dictionaries(st.sampled_from(sorted(within[0])), hostile, max_size=2)
    return st.tuples(around, inner).map(
        lambda changes: (
            {"events": [within[0] | changes[1]]} | {k: v for k, v in document.items() if k != "events"} | changes[0]
        )
    )


@pytest.mark.parametrize("name", CASES)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(data=st.data())
def test_what_a_contract_lets_through_is_stored(desk: Desk, name: str, data: st.DataObject) -> None:
    """Whatever it is like."""
    model, document, store = CASES[name]
    given_document = data.draw(overlaid(document))
    for member in ("event_id", "dead_letter_id", "failure_id", "batch_id"):
        if given_document.get(member) == document.get(member) and member in document:
            given_document = given_document | {member: str(uuid4())}
    try:
        asked = model.model_validate_json(json.dumps(given_document))
    except (ValidationError, ValueError):
        assume(False)
    store(desk, asked)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("moment", TIMES)
def test_every_time_that_a_contract_takes_is_stored(desk: Desk, name: str, moment: str) -> None:
    """In each member that holds one, at the ends of time as well."""
    model, document, store = CASES[name]
    events: Any = document.get("events")
    for member in [key for key, value in document.items() if _is_time(value)]:
        _try(desk, model, document | {member: moment}, store)
    for member in [key for key, value in events[0].items() if _is_time(value)] if isinstance(events, list) else []:
        changed = events[0] | {member: moment, "event_id": str(uuid4())}
        _try(desk, model, document | {"events": [changed]}, store)


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) > 12 and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _try(desk: Desk, model: type[BaseModel], document: dict[str, Any], store: Callable[[Any, Any], None]) -> None:
    try:
        asked = model.model_validate_json(json.dumps(document))
    except ValidationError:
        return
    store(desk, asked)
