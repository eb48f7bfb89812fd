"""What a learner is known by, and what is left of documents without them. No IO."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.domain.privacy.learner_identifiers import LearnerIdentifiers, digest_of

from tests.builders import NOW, ORG, USER, progress_event, queued_batch, scrubbed_event

OTHER = uuid4()
PSEUDONYM, STRANGER = "a" * 32, "b" * 32
LATER = NOW + timedelta(days=1)
LEARNER = LearnerIdentifiers(ORG, USER, (PSEUDONYM,), ("subject:" + "c" * 32,))


def spooled(*events: Any, **members: Any) -> str:
    fields = {"subject": "test", "org_ids": [ORG], "received_at": NOW, "events": list(events)} | members
    return SpooledBatch.model_validate(fields).model_dump_json(exclude_none=True)


def test_a_trace_has_every_pseudonym_under_every_key() -> None:
    """Each identifier is pseudonymised by each key; other identifiers are kept as pseudonyms and marks alone."""
    learner = LearnerIdentifiers.of(
        ORG, USER, ["kim@example.org"], [lambda value: f"1{value}", lambda value: f"2{value}"]
    )
    assert set(learner.pseudonyms) == {f"{key}{value}" for key in "12" for value in (str(USER), "kim@example.org")}
    assert [mark.partition(":")[0] for mark in learner.subjects] == ["subject"]
    assert "kim@example.org" not in learner.subjects[0]


def test_the_digest_is_of_one_organisation() -> None:
    """The same user has another digest elsewhere, and operations on one learner share a source."""
    assert LEARNER.digest == digest_of(ORG, str(USER))
    assert LEARNER.digest != digest_of(OTHER, str(USER))
    assert LEARNER.source == f"learner:{LEARNER.digest.hex()[:32]}"


def test_what_does_not_name_them_is_left_alone() -> None:
    """A message of others is not even parsed."""
    assert LEARNER.take_out("{not json") is None
    assert LEARNER.take_out(spooled(progress_event(user_id=OTHER))) is None


def test_their_events_go_and_others_stay_readable() -> None:
    """From a batch of several learners, the learner's events go; the rest is a valid batch for any sender."""
    own, other = progress_event(), progress_event(user_id=OTHER, assigned_by=USER)
    stripped = LEARNER.take_out(spooled(own, other, subject=str(USER)))
    assert stripped is not None
    assert stripped.body is not None
    assert stripped.event_ids == (own.event_id,)
    left = SpooledBatch.model_validate_json(stripped.body)
    assert left.subject == "erased"
    assert left.events == [other.model_copy(update={"assigned_by": None})]


def test_a_batch_of_theirs_alone_is_gone() -> None:
    """Nothing is left of it but the ids of its events."""
    events = [progress_event(), progress_event()]
    stripped = LEARNER.take_out(spooled(*events))
    assert stripped is not None
    assert stripped.body is None
    assert set(stripped.event_ids) == {event.event_id for event in events}


def test_analytics_belong_to_the_first_who_is_named() -> None:
    """An event of a sibling on the learner's device stays the sibling's, without the device; it can still be read."""
    own = scrubbed_event(user_pseudonym=None, anonymous_pseudonym=PSEUDONYM)
    sibling = scrubbed_event(user_pseudonym=STRANGER, anonymous_pseudonym=PSEUDONYM, properties={"mate": PSEUDONYM})
    body = queued_batch(ORG, own, sibling, sent_by=PSEUDONYM).model_dump_json(exclude_none=True)
    stripped = LEARNER.take_out(body)
    assert stripped is not None
    assert stripped.body is not None
    left = QueuedBatch.model_validate_json(stripped.body)
    assert left.sent_by == "erased"
    assert [(e.user_pseudonym, e.anonymous_pseudonym, e.properties) for e in left.events] == [
        (STRANGER, None, {"mate": "erased"})
    ]


def test_what_came_after_stays() -> None:
    """Events that happened, and came, after the erasure are of a new beginning; one that only claims so is not."""
    new = spooled(progress_event(occurred_at=LATER), received_at=LATER)
    assert LEARNER.take_out(new, NOW) is None
    assert not LEARNER.remains_in(new, NOW)
    claimed = spooled(progress_event(occurred_at=LATER))
    assert LEARNER.take_out(claimed, NOW) is not None
    assert LEARNER.remains_in(claimed, NOW)


def test_what_is_nobodys_is_touched_for_one_organisation_alone() -> None:
    """In an unreadable message, events of the same person in another organisation keep their every byte."""
    theirs, elsewhere = ({"user_id": str(USER), "org_id": str(org_id), "n": 1} for org_id in (ORG, OTHER))
    stripped = LEARNER.take_out(json.dumps({"version": 9, "events": [theirs, elsewhere]}))
    assert stripped is not None
    assert json.loads(stripped.body or "") == {"version": 9, "events": [elsewhere]}
    assert not LEARNER.remains_in(stripped.body or "", NOW)


@pytest.mark.parametrize("text", [f"it was {USER}", f'"{USER}"', f"{USER}".upper()])
def test_what_is_no_document_is_redacted_as_text(text: str) -> None:
    """A mention in anything that is no JSON object goes, in capitals as well."""
    stripped = LEARNER.take_out(text)
    assert stripped is not None
    assert stripped.body == text.replace(str(USER), "erased").replace(str(USER).upper(), "erased")


documents = st.recursive(
    st.sampled_from([str(USER), PSEUDONYM, f"x{USER.hex}y", STRANGER, "plain", str(OTHER)]) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["user_id", "assigned_by", "name", PSEUDONYM, "events"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(documents)
def test_nothing_is_left_of_any_document(document: Any) -> None:
    """For any document, the result of `take_out` names no learner; the search agrees; a second call changes nothing."""
    body = json.dumps(document)
    stripped = LEARNER.take_out(body)
    left = body if stripped is None else stripped.body
    if left is not None:
        assert not LEARNER.is_in(left)
        assert not LEARNER.remains_in(left, NOW)
        assert LEARNER.take_out(left) is None


@given(documents)
def test_the_search_finds_what_was_not_erased(document: Any) -> None:
    """A document that names the learner is found by the search, unless only events of other organisations do."""
    body = json.dumps({"given": document})
    assert LEARNER.remains_in(body, NOW) == LEARNER.is_in(body)


def test_rows_of_snapshots() -> None:
    """Their rows go, mentions in others' rows become null, rows of others come back as they are."""
    row = {"org_id": str(ORG), "user_id": str(USER), "occurred_at": NOW.isoformat(), "received_at": NOW.isoformat()}
    other = row | {"user_id": str(OTHER), "assigned_by": None}
    assert LEARNER.revise(row, NOW) is None
    assert LEARNER.revise(other, NOW) is other
    assert LEARNER.revise(other | {"assigned_by": str(USER)}, NOW) == other
    new = row | {"occurred_at": LATER.isoformat(), "received_at": LATER.isoformat()}
    assert LEARNER.revise(new, NOW) is new


def test_an_event_id_that_is_none_is_left_out() -> None:
    """From an unreadable message, valid ids are taken."""
    known = uuid4()
    events = [{"user_id": str(USER), "event_id": value} for value in (str(known), "none", None)]
    stripped = LEARNER.take_out(json.dumps({"events": events}))
    assert stripped is not None
    assert stripped.event_ids == (UUID(str(known)),)
