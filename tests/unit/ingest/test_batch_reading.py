"""Reading a batch: each event is judged on its own, and nothing of it is quoted back."""

import json
from uuid import uuid4

import pytest
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.domain.ingest.batch import read_batch, read_event
from rollcall.domain.ingest.reasons import Refusal
from rollcall.errors import InvalidBody, TooManyEvents
from rollcall.flows.ingest.progress import PROGRESS

from tests.builders import event_document


def well(_event: ProgressEvent) -> None:
    return None


def read(*documents: object, events_max: int = 100) -> object:
    return read_batch(json.dumps({"events": documents}).encode(), PROGRESS, events_max, well)


def test_valid_events_keep_their_order() -> None:
    """A batch of valid events is read whole, in order."""
    documents = [event_document() for _ in range(3)]
    batch = read_batch(json.dumps({"events": documents}).encode(), PROGRESS, 100, well)
    assert [str(event.event_id) for event in batch.events] == [document["event_id"] for document in documents]
    assert batch.positions == [0, 1, 2]
    assert not batch.rejections


INVALID = [
    ({"event_id": ...}, "/events/1/event_id", "missing"),
    ({"event_id": "7"}, "/events/1/event_id", "uuid_parsing"),
    ({"user_id": 5}, "/events/1/user_id", "uuid_type"),
    ({"course_id": ""}, "/events/1/course_id", "string_too_short"),
    ({"lesson_id": "x" * 129}, "/events/1/lesson_id", "string_too_long"),
    ({"lesson_id": "a\u0000b"}, "/events/1/lesson_id", "string_pattern_mismatch"),
    ({"kind": "cheated"}, "/events/1/kind", "literal_error"),
    ({"percent": -1}, "/events/1/percent", "greater_than_equal"),
    ({"percent": 100.01}, "/events/1/percent", "less_than_equal"),
    ({"percent": "50"}, "/events/1/percent", "float_type"),
    ({"percent": True}, "/events/1/percent", "float_type"),
    ({"time_spent_seconds": 86_401}, "/events/1/time_spent_seconds", "less_than_equal"),
    ({"time_spent_seconds": "1.5"}, "/events/1/time_spent_seconds", "int_type"),
    ({"time_spent_seconds": 10**30}, "/events/1/time_spent_seconds", "less_than_equal"),
    ({"occurred_at": "2026-03-10T10:00:00"}, "/events/1/occurred_at", "timestamp_invalid"),
    ({"occurred_at": "yesterday"}, "/events/1/occurred_at", "timestamp_invalid"),
    ({"occurred_at": 1773119783}, "/events/1/occurred_at", "timestamp_invalid"),
    ({"attributes": []}, "/events/1/attributes", "object_type"),
    ({"email": "kim@example.org"}, "/events/1", "extra_forbidden"),
]


@pytest.mark.parametrize(("changes", "pointer", "code"), INVALID, ids=lambda value: str(value)[:40])
def test_an_invalid_event_is_rejected_alone(changes: dict[str, object], pointer: str, code: str) -> None:
    """One invalid event among three leaves the other two, and its fault says where and what."""
    documents = [event_document(), event_document(**changes), event_document()]
    batch = read_batch(json.dumps({"events": documents}).encode(), PROGRESS, 100, well)
    assert batch.positions == [0, 2]
    assert batch.rejections[1].status == "rejected"
    assert batch.rejections[1].reason == "invalid"
    assert (batch.faults[0].pointer, batch.faults[0].code) == (pointer, code)


def test_a_lone_surrogate_rejects_its_event_alone() -> None:
    """JSON allows a lone surrogate in its grammar; no text has one."""
    bad = json.dumps(event_document(lesson_id="MARK")).replace("MARK", "\\ud800")
    body = f'{{"events": [{bad}, {json.dumps(event_document())}]}}'.encode()
    batch = read_batch(body, PROGRESS, 100, well)
    assert batch.positions == [1]
    assert batch.rejections[0].reason == "invalid"


@pytest.mark.parametrize("document", [None, 5, "text", [], [[]], {}, True])
def test_what_is_no_event_at_all_is_rejected_alone(document: object) -> None:
    """Whatever stands where an event should, the rest is read."""
    batch = read_batch(json.dumps({"events": [document, event_document()]}).encode(), PROGRESS, 100, well)
    assert batch.positions == [1]
    assert batch.rejections[0].event_id is None


@pytest.mark.parametrize("levels", [195, 5_000, 100_000])
def test_an_event_nested_without_end_costs_itself(levels: int) -> None:
    """The rest of its batch is read."""
    deep = json.dumps(event_document(attributes="...")).replace('"..."', "[" * levels + "]" * levels)
    batch = read_batch(f'{{"events": [{deep}, {json.dumps(event_document())}]}}'.encode(), PROGRESS, 100, well)
    assert batch.positions == [1]
    assert batch.rejections[0].reason == "invalid"


def test_a_readable_event_id_is_told_even_when_the_event_is_invalid() -> None:
    """A client finds its event again by id."""
    event_id = uuid4()
    batch = read_batch(
        json.dumps({"events": [event_document(event_id=str(event_id), kind="x")]}).encode(), PROGRESS, 100, well
    )
    assert batch.rejections[0].event_id == event_id


BODIES = [
    b"", b"nonsense", b"[]", b"5", b"null", b"{}", b'{"events": {}}', b'{"events": null}', b'{"events": [], "more": 1}',
    b'{"events": [NaN]}', b'{"events": [Infinity]}', b'\xff\xfe{"events": []}', b'{"events": [',
    b'{"events":' + b"[" * 100_000, '{"events": ["\ud800"]}'.encode("utf-8", "surrogatepass"),
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:30]))
def test_what_is_no_batch_is_refused(body: bytes) -> None:
    """A body that holds no batch is refused as a whole."""
    with pytest.raises(InvalidBody):
        read_batch(body, PROGRESS, 100, well)


def test_faults_never_quote_the_body() -> None:
    """Neither a value nor an unknown member's name stands in a fault."""
    canary = "kim.canary@example.org"
    documents = [
        event_document(**{canary: 1}),
        event_document(kind=canary),
        event_document(event_id=canary),
        event_document(occurred_at=canary),
        event_document(percent=canary),
        canary,
        {"event_id": canary},
    ]
    batch = read_batch(json.dumps({"events": documents}).encode(), PROGRESS, 100, well)
    assert len(batch.rejections) == len(documents)
    assert "canary" not in repr(batch.faults)
    assert "canary" not in repr(batch.rejections)


def test_too_many_events_are_refused_on_both_paths() -> None:
    """The limit holds for valid batches and for those read event by event."""
    with pytest.raises(TooManyEvents):
        read(event_document(), event_document(), events_max=1)
    with pytest.raises(TooManyEvents):
        read(5, 5, events_max=1)


def test_an_empty_batch_has_nothing_to_store() -> None:
    """No event is no fault of form; the caller decides what to answer."""
    batch = read_batch(b'{"events": []}', PROGRESS, 100, well)
    assert not batch.events
    assert not batch.rejections


def test_the_judge_decides_over_valid_events() -> None:
    """A verdict rejects its event with the reason and a pointer to the field."""
    body = json.dumps({"events": [event_document()]}).encode()
    batch = read_batch(body, PROGRESS, 100, lambda _event: Refusal("out_of_window", "occurred_at", "Until noon."))
    assert batch.rejections[0].reason == "out_of_window"
    assert batch.faults[0].pointer == "/events/0/occurred_at"
    assert batch.rejections[0].detail == batch.faults[0].detail
    assert "Until noon. See docs/reference/api.md" in batch.faults[0].detail


def test_a_single_event_is_read_from_the_body_itself() -> None:
    """The lesson route takes an event as its body; pointers start there."""
    assert read_event(json.dumps(event_document()).encode(), PROGRESS, well).positions == [0]
    assert read_event(json.dumps(event_document(kind="x")).encode(), PROGRESS, well).faults[0].pointer == "/kind"
    with pytest.raises(InvalidBody):
        read_event(b"[]", PROGRESS, well)
