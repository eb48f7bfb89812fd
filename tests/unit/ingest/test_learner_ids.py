"""Learner ids: organisations' own texts become UUIDs under a key that stays theirs, on the way of progress events."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollcall.contracts.caller import Caller
from rollcall.contracts.ingest.progress import EVENTS
from rollcall.domain.ingest.learner_id import LearnerIds
from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.errors import KeysUnavailable, StoreUnavailable
from rollcall.flows.ingest.learner_ids import NameLearners

from tests.builders import ORG, USER, caller, event_document
from tests.unit.ingest.test_ingest_flow import KEYRING, RecordingKeys, RecordingStore, body, flow

OTHER = uuid4()
SERVICE = caller(role="service", org_ids=[ORG])
BOTH = caller(role="service", org_ids=[ORG, OTHER])
TEXTS = ["user2", "12345", "kim@school.example", "Zoë Müller", "=1+1", "a" * 128, " padded ", "\U0001f600"]

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
    lambda text: text.strip()
)


def named(learner_id: object, **changes: Any) -> dict[str, Any]:
    return event_document(user_id=..., learner_id=learner_id, **changes)


def expected(text: str, org_id: UUID = ORG, key_id: str = "k1") -> UUID:
    return LearnerIds(KEYRING.secrets[key_id], org_id).user_id(text)


@given(text=texts)
def test_a_text_becomes_one_uuid_of_version_8(text: str) -> None:
    """The same each time; another under another key, in another organisation, of another text."""
    made = LearnerIds("a" * 40, ORG).user_id(text)

    assert (made.version, made.variant) == (8, "specified in RFC 4122") or str(made) == text.strip().lower()
    assert made == LearnerIds("a" * 40, ORG).user_id(text)
    others = {
        LearnerIds("b" * 40, ORG).user_id(text),
        LearnerIds("a" * 40, OTHER).user_id(text),
        LearnerIds("a" * 40, ORG).user_id(text + "."),
    }
    assert len({made, *others}) == 4


@given(text=texts, padding=st.sampled_from(["", " ", "\t", "\u00a0"]))
def test_what_is_one_pseudonym_is_one_learner(text: str, padding: str) -> None:
    """Progress and analytics agree on which texts are the same: the two could not join otherwise."""
    keyring = Keyring("k1", {"k1": "a" * 40})
    pseudonyms, learner_ids = Pseudonymiser(keyring, ORG), LearnerIds("a" * 40, ORG)
    for other in (padding + text, text.upper(), text.lower()):
        if pseudonyms.pseudonym(other) == pseudonyms.pseudonym(text):
            assert learner_ids.user_id(other) == learner_ids.user_id(text)
        else:
            assert learner_ids.user_id(other) != learner_ids.user_id(text)


@pytest.mark.parametrize("text", [str(USER), str(USER).upper(), f" {USER} "])
def test_a_uuid_is_itself(text: str) -> None:
    """A learner is not two by which member named them."""
    assert LearnerIds("a" * 40, ORG).user_id(text) == USER


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("way", ["batch", "documents", "event"])
@pytest.mark.parametrize("reachable", [True, False])
def test_a_service_names_learners_by_text(text: str, way: str, reachable: bool) -> None:
    """By every way in; what is stored and what is spooled has the UUID, and the text nowhere."""
    store, spooled = RecordingStore(fault=None if reachable else StoreUnavailable()), list[str]()
    taken = flow(store, spooled)
    document = named(text)
    match way:
        case "batch":
            done = taken.accept_batch(body(document), SERVICE)
        case "documents":
            done = taken.accept_documents([document], SERVICE)
        case _:
            done = taken.accept_event(json.dumps(document).encode(), SERVICE)

    assert done.receipt is not None
    assert done.receipt.results[0].status == ("accepted" if reachable else "spooled")
    kept = [event.user_id for event in store.stored] or [
        UUID(event["user_id"]) for event in json.loads(spooled[0])["events"]
    ]
    assert kept == [expected(text)]
    for message in spooled:
        assert "learner_id" not in message
        assert text not in json.loads(message)["events"][0].values()
    assert text not in EVENTS.dump_json(store.stored).decode()


@pytest.mark.parametrize(
    ("who", "document", "reason", "pointer"),
    [
        (SERVICE, event_document(user_id=...), "learner_missing", "user_id"),
        (SERVICE, event_document(learner_id="user2"), "learner_ambiguous", "learner_id"),
        (BOTH, named("user2", org_id=...), "org_missing", "org_id"),
        (caller(), named("user2"), "user_forbidden", "learner_id"),
        (caller(subject="user2"), named("user3"), "user_forbidden", "learner_id"),
        (caller(subject="user2"), event_document(), "user_forbidden", "user_id"),
        (SERVICE, named("user2", org_id=str(OTHER)), "org_forbidden", "org_id"),
        (SERVICE, named(""), "invalid", "learner_id"),
        (SERVICE, named("  \u00a0"), "invalid", "learner_id"),
        (SERVICE, named("a" * 129), "invalid", "learner_id"),
        (SERVICE, named("a\nb"), "invalid", "learner_id"),
        (SERVICE, named(12345), "invalid", "learner_id"),
    ],
)
def test_what_names_no_learner_is_rejected_and_says_where(
    who: Caller, document: dict[str, Any], reason: str, pointer: str
) -> None:
    """Alone: an event beside it is taken. No text is quoted."""
    store = RecordingStore()
    sound = named(who.subject) if who.role == "learner" else named("user9", org_id=str(ORG))

    done = flow(store).accept_batch(body(document, sound), who)

    assert done.receipt is not None
    refused, taken = done.receipt.results
    assert (refused.status, refused.reason, refused.pointer) == ("rejected", reason, f"/events/0/{pointer}")
    assert taken.status == "accepted"
    assert "user2" not in repr(done.faults)


@pytest.mark.parametrize("subject", ["user2", "kim@school.example", str(USER)])
def test_a_learner_whose_subject_is_the_text(subject: str) -> None:
    """A token's subject names its learner, as text as well."""
    store = RecordingStore()
    done = flow(store).accept_batch(
        body(named(subject.upper() if "@" in subject else subject)), caller(subject=subject)
    )

    assert done.receipt is not None
    assert done.receipt.results[0].status == "accepted"
    assert [event.user_id for event in store.stored] == [expected(subject)]


def test_a_nil_user_id_that_is_sent_is_one() -> None:
    """A UUID of zeros is a learner like any: the member that is left out is what is missing."""
    store = RecordingStore()
    done = flow(store).accept_batch(body(event_document(user_id=str(UUID(int=0)))), SERVICE)
    assert done.receipt is not None
    assert done.receipt.results[0].status == "accepted"


def test_rotation_makes_no_learner_two() -> None:
    """The key of an organisation's first learner id stays that of all: another one begins with the new key."""
    keys = RecordingKeys()
    before, after = KEYRING, Keyring("k2", KEYRING.secrets)
    first = NameLearners(lambda: before, keys).of(ORG).user_id("user2")

    rotated = NameLearners(lambda: after, keys)

    assert rotated.of(ORG).user_id("user2") == first == expected("user2")
    assert rotated.of(OTHER).user_id("user2") == expected("user2", OTHER, "k2")


def test_without_its_key_nothing_is_taken() -> None:
    """Any other key would make each learner a second one."""
    keys = RecordingKeys(known={ORG: "k0"})
    with pytest.raises(KeysUnavailable):
        flow(RecordingStore(), learner_keys=keys).accept_batch(body(named("user2")), SERVICE)


def test_the_key_is_asked_for_once() -> None:
    """Progress keeps its one round trip; and batches without learner ids never ask."""
    keys, store = RecordingKeys(), RecordingStore()
    taken = flow(store, learner_keys=keys)
    taken.accept_batch(body(event_document()), SERVICE)
    assert keys.asked == 0
    for _ in range(3):
        taken.accept_batch(body(named("user2"), named("user3"), event_document()), SERVICE)
    assert keys.asked == 1


def test_an_event_without_an_organisation_is_of_the_only_one() -> None:
    """The UUID is made under its key; its assignment is looked up as ever."""
    store = RecordingStore()
    flow(store).accept_batch(body(named("user2", org_id=...)), SERVICE)
    (event,) = store.stored
    assert (event.user_id, event.org_id) == (expected("user2"), None)


def test_a_key_that_nobody_can_tell_takes_nothing() -> None:
    """503: the client sends the same again."""
    keys = RecordingKeys(fault=StoreUnavailable())
    with pytest.raises(StoreUnavailable):
        flow(RecordingStore(), learner_keys=keys).accept_batch(body(named("user2")), SERVICE)
