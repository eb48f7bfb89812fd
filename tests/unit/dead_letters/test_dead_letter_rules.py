"""Rules of dead letters: organisation, events, id and cause."""

import json
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION, MessageAttributes
from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.domain.dead_letters import letters

from tests.builders import NOW, ORG, progress_event, queued_batch, scrubbed_event

OTHER = UUID("a0000000-0000-4000-8000-000000000001")


def spooled(*events: object, org_ids: list[UUID], subject: str = "subject:" + "0" * 32) -> str:
    return SpooledBatch.model_validate(
        {"subject": subject, "org_ids": org_ids, "received_at": NOW, "events": list(events)}
    ).model_dump_json(exclude_none=True)


def test_an_analytics_batch_is_its_organisations() -> None:
    """It stays as it is, and its events are known."""
    batch = queued_batch(ORG, scrubbed_event(), scrubbed_event(properties={"step": None}))
    (part,) = letters.parts_of(batch.model_dump_json())
    assert (part.org_id, part.is_batch) == (ORG, True)
    assert part.event_ids == tuple(event.event_id for event in batch.events)
    assert QueuedBatch.model_validate_json(part.body) == batch


def test_a_spooled_batch_is_divided_among_its_organisations() -> None:
    """Each gets its own events and no other's, with nothing of whom else the sender's token held."""
    mine, theirs = progress_event(), progress_event(org_id=OTHER)
    parts = letters.parts_of(spooled(mine, theirs, org_ids=[ORG, OTHER]))
    read = {part.org_id: SpooledBatch.model_validate_json(part.body) for part in parts}
    assert {org_id: batch.events for org_id, batch in read.items()} == {ORG: [mine], OTHER: [theirs]}
    assert {org_id: batch.org_ids for org_id, batch in read.items()} == {ORG: [ORG], OTHER: [OTHER]}


def test_an_event_is_never_given_to_an_organisation_that_its_sender_did_not_hold() -> None:
    """An event of a foreign or an unclear organisation goes to the nil one; without a name it goes to the only one."""
    stray, orphan = progress_event(org_id=OTHER), progress_event(org_id=None)
    assert [part.org_id for part in letters.parts_of(spooled(stray, org_ids=[ORG]))] == [NIL_ORGANISATION]
    assert [part.org_id for part in letters.parts_of(spooled(orphan, org_ids=[ORG]))] == [ORG]
    (part,) = letters.parts_of(spooled(orphan, org_ids=[ORG, OTHER]))
    assert part.org_id == NIL_ORGANISATION
    assert SpooledBatch.model_validate_json(part.body).org_ids == [ORG, OTHER], "to be resolved among, once more"


def test_the_sender_of_a_batch_is_kept_as_a_mark() -> None:
    """A token's subject may be an address, so a mark replaces it; a mark is not replaced again."""
    (part,) = letters.parts_of(spooled(progress_event(), org_ids=[ORG], subject="kim@example.org"))
    assert part.is_batch
    assert "kim" not in part.body
    assert letters.rewritten(part.body) == part.body


@pytest.mark.parametrize("body", ["", "not JSON", "[]", "7", '{"events": 7}', "[" * 100_000, "1" * 5_000, "NaN"])
def test_an_unreadable_body_is_one_part_of_the_nil_organisation(body: str) -> None:
    """Any unreadable body becomes one part of the nil organisation, to be scrubbed."""
    assert letters.parts_of(body) == [letters.Part(NIL_ORGANISATION, body, (), is_batch=False)]


def test_event_ids_are_read_where_they_can_be() -> None:
    """One invalid event makes a batch unreadable; the ids of its other events are read all the same, for receipts."""
    known = [uuid4(), uuid4()]
    events = [{"event_id": str(known[0])}, {"event_id": "kim"}, 7, {"event_id": 7}, {"event_id": str(known[1])}]
    (part,) = letters.parts_of(json.dumps({"org_id": str(ORG), "events": events}))
    assert part.event_ids == tuple(known)


def test_ids_are_the_same_however_often_a_message_is_received() -> None:
    """Made of queue, message and organisation, and different when one of them is."""
    first = letters.dead_letter_id("spool", "m-1", ORG)
    assert first == letters.dead_letter_id("spool", "m-1", ORG)
    others = {
        letters.dead_letter_id("analytics", "m-1", ORG),
        letters.dead_letter_id("spool", "m-2", ORG),
        letters.dead_letter_id("spool", "m-1", OTHER),
        letters.failure_id("spool", "m-1"),
        letters.resolution_id("spool", "m-1"),
    }
    assert len(others | {first}) == 6


@pytest.mark.parametrize(
    ("error_code", "was_moved", "expected"),
    [
        ("poisoned_message", False, ("poisoned", "poisoned_message")),
        ("store_refused", True, ("store_refused", "store_refused")),
        ("of_another_version", False, ("unknown", "of_another_version")),
        (None, True, ("receives_exhausted", "receives_exhausted")),
        (None, False, ("unknown", "unknown")),
    ],
)
def test_each_failure_has_a_cause(error_code: str | None, was_moved: bool, expected: tuple[str, str]) -> None:
    """The code names load's error; without a code, SQS may have moved the message after its last receive."""
    assert letters.cause_of(error_code, was_moved=was_moved) == expected


def test_documents_are_written_as_queues_take_them() -> None:
    """The characters that SQS refuses go as escapes, and are the same when they are read."""
    document = {"text": "\ufffe \uffff \ud800 \U0001f600 é"}
    text = letters.write_document(document)
    assert text.encode()
    assert not {"\ufffe", "\uffff"} & set(text)
    assert letters.read_document(text) == document


def test_marks_survive_the_way_through_a_queue() -> None:
    """Attributes are read back as they were written; an attribute of a foreign form is ignored."""
    attributes = MessageAttributes(
        error_code="poisoned_message", receive_count=3, first_failed_at=NOW, org_id=ORG, dead_letter_id=OTHER
    )
    assert MessageAttributes.read(attributes.as_strings()) == attributes
    assert MessageAttributes.read(
        attributes.as_strings() | {"receive_count": "many", "else": "canary"}
    ) == attributes.model_copy(update={"receive_count": None})
