"""No content makes the recorder fail: every message gets a row, and a body to look at."""

import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION, MessageAttributes
from rollcall.flows.dead_letters.record import DeadMessage, RecordDeadLetters
from rollcall.store.dead_letters.failures import FailureStore

from tests.builders import NOW, an_event, queued_batch, scrubbed_event
from tests.integration.dead_letters.test_redrive import A, scrubbing_of
from tests.postgres import ScratchDatabase

HOSTILE_TEXTS = [
    *(
        "",
        "\x00",
        "a\x00b",
        "\ud800",
        "\udfff\ud800",
        "\ufffe\uffff",
        "\u202e",
        "'; drop table x; --",
        "{}",
        "[]",
        "[[[",
    ),
    *(
        "null",
        "NaN",
        '{"events": NaN}',
        "1" * 4_400,
        '{"events": [' + "1" * 4_400 + "]}",
        "[" * 3_000,
        '{"a":' * 2_500,
    ),
    *(
        '{"events": [{"event_id": "\\ud800"}]}',
        '{"events": [{"properties": {"\\u0000": "\\udc00"}}]}',
        "ÿþ",
        "\x1b[31m",
    ),
]
TIMES = [
    *(
        "2026-03-10T12:00:00+16:00",
        "2026-03-10T12:00:00-23:59",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ),
    *(
        "0001-01-01T00:00:00",
        "infinity",
        "-infinity",
        "2026-02-30T00:00:00Z",
        "1e400",
        "253402300800",
        "-62135596801",
        "",
    ),
    *("2026-03-10T24:00:00Z", "2026-03-10T23:59:60Z", "2026-03-10T12:00:00"),
]
texts = st.sampled_from(HOSTILE_TEXTS) | st.text(st.characters(), max_size=40)
values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from(TIMES),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def documents() -> Any:
    """Return batches of both queues in which anything may stand in any member, and anything else."""
    queued = json.loads(queued_batch(A, scrubbed_event(), scrubbed_event()).model_dump_json(exclude_none=True))
    spooled = {"version": 1, "subject": "subject:" + "0" * 32, "org_ids": [str(A)], "received_at": NOW.isoformat()}
    spooled |= {"events": [json.loads(an_event(A).model_dump_json(exclude_none=True))]}

    def spoiled(batch: dict[str, Any]) -> Any:
        around = st.dictionaries(st.sampled_from([*batch, "other"]), values | st.sampled_from(TIMES), max_size=2)
        within = st.dictionaries(
            st.sampled_from([*batch["events"][0], "other"]), values | st.sampled_from(TIMES), max_size=3
        )
        return st.builds(
            lambda outer, inner: batch | {"events": [batch["events"][0] | inner, *batch["events"][1:]]} | outer,
            around,
            within,
        )

    return spoiled(queued) | spoiled(spooled) | values


bodies = (
    texts | documents().map(lambda document: json.dumps(document, ensure_ascii=False)) | documents().map(json.dumps)
)
attributes = st.builds(
    MessageAttributes.read,
    st.fixed_dictionaries(
        {},
        optional={
            "error_code": texts | st.just("store_refused"),
            "message_id": st.builds(lambda text: f"{uuid4()}{text}", texts),
            "receive_count": st.integers().map(str) | texts,
            "first_failed_at": st.sampled_from(TIMES),
            "org_id": st.sampled_from([str(A), str(uuid4()), "none"]),
            "dead_letter_id": st.uuids().map(str) | texts,
        },
    ),
)


class Archive:
    """Objects by key, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, key: str, body: bytes) -> None:
        """Keep an object."""
        self.kept[key] = body


@pytest.fixture
def failure_store(clone: ScratchDatabase) -> FailureStore:
    return FailureStore(clone.store._database)


@pytest.mark.parametrize("queue", ["spool", "analytics"])
@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(body=bodies, attributes=attributes, receives=st.sampled_from([1, 3, 2**31]))
def test_whatever_it_is_it_is_buried(
    failure_store: FailureStore,
    queue: str,
    body: str,
    attributes: MessageAttributes,
    receives: int,
) -> None:
    """At the first try, once, with an object that is UTF-8 and can be read."""
    message = DeadMessage(queue, str(uuid4()), body, attributes, receives, NOW)
    archive = Archive()
    flow = RecordDeadLetters(archive, failure_store, scrubbing_of, lambda: NOW)
    failures = flow.record(message)
    assert failures
    assert flow.record(message) == []
    for failure in failures:
        if failure.archive_key is None:
            assert failure.error_code == "scrub_failed"
        else:
            archive.kept[failure.archive_key].decode("utf-8")


def test_a_fault_that_lasts_keeps_the_shape(failure_store: FailureStore) -> None:
    """A fault of ours keeps the message for a quarter of an hour; then its shape and its ids are kept, and it ends."""

    class Broken:
        pseudonymiser = scrubbing_of(A).pseudonymiser

        @property
        def scrubber(self) -> Any:
            raise ZeroDivisionError

    event_id = uuid4()
    body = json.dumps({"events": [{"event_id": str(event_id), "text": "my name is Kim"}]})
    archive = Archive()
    flow = RecordDeadLetters(archive, failure_store, lambda _org_id: Broken(), lambda: NOW)
    with pytest.raises(ZeroDivisionError):
        flow.record(DeadMessage("analytics", "m-1", body, MessageAttributes(), 15, NOW))
    (failure,) = flow.record(DeadMessage("analytics", "m-1", body, MessageAttributes(), 16, NOW))
    assert failure.event_ids == [event_id]
    kept = archive.kept[str(failure.archive_key)].decode()
    assert str(NIL_ORGANISATION) in str(failure.archive_key)
    assert "Kim" not in kept
    assert "xx xxxx xx xxx" in kept
