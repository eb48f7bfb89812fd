"""Collecting analytics events: scrubbed before anything keeps them, queued whole, answered in request order."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.analytics import AnalyticsEvent, QueuedBatch
from rollcall.contracts.ingest.receipt import BatchReceipt
from rollcall.contracts.scrub.policy import PolicyAdditions
from rollcall.domain.health.backpressure import LatencyGauge
from rollcall.domain.ingest.rate import RateLimit
from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.policy import default_policy, policy_with
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.errors import KeysUnavailable, QueueUnavailable, ScrubFailed, StoreUnavailable, TooManyEvents
from rollcall.flows.ingest.analytics import EVENTS_BYTES_MAX, AnalyticsRules, IngestAnalytics
from rollcall.flows.ingest.progress import Ingestion
from rollcall.flows.scrub.events import Scrubbing, scrub_event

from tests.builders import NOW, ORG, USER, caller
from tests.unit.ingest.test_ingest_flow import RecordingReceipts

KEYRING = Keyring.read(json.dumps({"current": "k1", "k1": "secret-of-the-tests-" * 2}))
PERSONAL = "kim.canary@school.example"


def scrubbing_of(org_id: UUID) -> Scrubbing:
    pseudonymiser, policy = Pseudonymiser(KEYRING, org_id), default_policy()
    return Scrubbing(Scrubber(policy, pseudonymiser), pseudonymiser, policy)


def flow(messages: list[str], receipts: RecordingReceipts | None = None) -> IngestAnalytics:
    ids = (UUID(int=number) for number in range(1000))
    return IngestAnalytics(
        queue=messages.append,
        receipts=receipts or RecordingReceipts(),
        scrubbing_of=scrubbing_of,
        rules=AnalyticsRules(500, timedelta(days=30), RateLimit(5, 10)),
        gauge=LatencyGauge(100),
        now=lambda: NOW,
        monotonic=lambda: 0.0,
        new_batch_id=lambda: next(ids),
    )


def happening(**changes: Any) -> dict[str, Any]:
    document = {
        "event_id": str(uuid4()),
        "org_id": str(ORG),
        "name": "lesson_viewed",
        "user_id": str(USER),
        "occurred_at": NOW.isoformat(),
        "properties": {"lesson_id": "fractions-3", "email": PERSONAL},
    }
    return {name: value for name, value in (document | changes).items() if value is not ...}


def body(*documents: object) -> bytes:
    return json.dumps({"events": documents}).encode()


def receipt_of(ingestion: Ingestion) -> BatchReceipt:
    assert ingestion.receipt
    return ingestion.receipt


def queued(messages: list[str]) -> list[QueuedBatch]:
    return [QueuedBatch.model_validate_json(message) for message in messages]


def test_what_is_queued_is_scrubbed() -> None:
    """Neither a property that is not declared, nor who it was, leaves the handler in the clear."""
    messages: list[str] = []
    receipt = receipt_of(flow(messages).accept_batch(body(happening(anonymous_id=PERSONAL)), caller()))
    assert [result.status for result in receipt.results] == ["accepted"]
    assert PERSONAL not in messages[0]
    assert str(USER) not in messages[0]
    (batch,) = queued(messages)
    (event,) = batch.events
    assert event.properties == {"lesson_id": "fractions-3"}
    assert event.user_pseudonym == Pseudonymiser(KEYRING, ORG).pseudonym(str(USER)) == batch.sent_by
    assert (batch.org_id, batch.received_at, batch.key_id) == (ORG, NOW, "k1")


def test_one_message_a_batch_and_organisation() -> None:
    """A dead letter is of one organisation, and so is every message."""
    messages: list[str] = []
    other = uuid4()
    service = caller(role="service", org_ids=frozenset({ORG, other}))
    flow(messages).accept_batch(body(happening(), happening(org_id=str(other)), happening()), service)
    assert [(batch.org_id, len(batch.events)) for batch in queued(messages)] == [(ORG, 2), (other, 1)]


def test_a_batch_too_large_for_a_message_is_split() -> None:
    """Each part fits, together they are the batch, and each tells how many there are."""
    messages: list[str] = []
    wide = {f"lesson_{number}": "x" for number in range(3)} | {"lesson_id": "l" * 100}
    documents = [happening(properties=wide, event_id=str(uuid4())) for _ in range(500)]
    monkey_flow = flow(messages)
    monkey_flow.accept_batch(body(*documents), caller())
    whole = queued(messages)
    assert [batch.parts for batch in whole] == [len(whole)] * len(whole)
    assert [batch.part for batch in whole] == list(range(len(whole)))
    assert {str(event.event_id) for batch in whole for event in batch.events} == {
        document["event_id"] for document in documents
    }
    assert all(len(message.encode()) <= EVENTS_BYTES_MAX + 1000 for message in messages)


def test_parts_are_cut_where_a_message_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a smaller limit, a batch becomes several messages, none above it."""
    monkeypatch.setattr("rollcall.flows.ingest.analytics.EVENTS_BYTES_MAX", 2000)
    messages: list[str] = []
    documents = [happening() for _ in range(40)]
    flow(messages).accept_batch(body(*documents), caller())
    whole = queued(messages)
    assert len(whole) > 1
    assert {batch.batch_id for batch in whole} == {whole[0].batch_id}
    assert [batch.part for batch in whole] == list(range(len(whole)))
    assert sum(len(batch.events) for batch in whole) == 40


def test_the_same_event_has_the_same_digest_however_it_is_written() -> None:
    """Order of keys and offset of the time are the client's serialiser's, not the content's."""
    messages: list[str] = []
    event = happening(properties={"lesson_id": "a", "score": 1}, occurred_at="2026-03-10T12:00:00Z")
    again = event | {"properties": {"score": 1, "lesson_id": "a"}, "occurred_at": "2026-03-10T13:00:00+01:00"}
    other = event | {"properties": {"lesson_id": "b", "score": 1}}
    flow(messages).accept_batch(body(event, again, other), caller())
    digests = [event.digest for event in queued(messages)[0].events]
    assert digests[0] == digests[1] != digests[2]


SPELLINGS = [str(USER), str(USER).upper(), USER.hex, f"{{{USER}}}", f"urn:uuid:{USER}"]


@pytest.mark.parametrize("subject", SPELLINGS)
@pytest.mark.parametrize("user_id", SPELLINGS)
def test_a_learner_is_the_same_however_the_uuid_is_spelled(user_id: str, subject: str) -> None:
    """In the event as in the token: accepted as their own, under one pseudonym, with one digest."""
    messages: list[str] = []
    event = happening(event_id=str(USER), user_id=user_id)
    receipt = receipt_of(flow(messages).accept_batch(body(event), caller(subject=subject)))
    assert [result.status for result in receipt.results] == ["accepted"]
    (kept,) = queued(messages)[0].events
    assert kept.user_pseudonym == Pseudonymiser(KEYRING, ORG).pseudonym(str(USER))
    plain: list[str] = []
    flow(plain).accept_batch(body(event | {"user_id": str(USER)}), caller())
    assert queued(plain)[0].events[0].digest == kept.digest


@pytest.mark.parametrize("user_id", [str(uuid4()), "user2", str(USER)[:-1], f"({USER})", ""])
def test_another_persons_id_is_refused_to_a_learner(user_id: str) -> None:
    """Whatever it looks like."""
    receipt = receipt_of(flow([]).accept_batch(body(happening(user_id=user_id)), caller()))
    assert [result.status for result in receipt.results] == ["rejected"]


def test_the_content_digest_stays_what_it_was() -> None:
    """What was stored before is known again: the same bytes for the same event, release after release."""
    sent = {
        "event_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "org_id": "00000000-0000-4000-8000-0000000000a1",
        "name": "lesson viewed",
        "occurred_at": "2026-03-10T13:00:00.5+01:00",
        "user_id": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "anonymous_id": "anonymous é",
        "properties": {"score": 12.0, "big": 12345678901234567890, "nested": {"b": [1, None, True], "a": "x"}},
    }
    event = AnalyticsEvent.model_validate_json(json.dumps(sent))
    pseudonymiser = Pseudonymiser(Keyring("k1", {"k1": "a secret of more than 32 characters, of old"}), event.org_id)
    policy = default_policy()
    scrubbing = Scrubbing(Scrubber(policy, pseudonymiser), pseudonymiser, policy)
    assert scrub_event(event, scrubbing, lambda told: told).digest == "b3f55382c729848eda14fb4bd146df11"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"org_id": str(uuid4())}, "org_forbidden"),
        ({"user_id": str(uuid4())}, "user_forbidden"),
        ({"occurred_at": "2020-01-01T00:00:00Z"}, "out_of_window"),
        ({"org_id": ...}, "invalid"),
        ({"name": ""}, "invalid"),
    ],
)
def test_an_event_is_refused_alone(changes: dict[str, Any], reason: str) -> None:
    """With its reason; the one beside it is queued."""
    messages: list[str] = []
    receipt = receipt_of(flow(messages).accept_batch(body(happening(**changes), happening()), caller()))
    assert [(result.status, result.reason) for result in receipt.results] == [("rejected", reason), ("accepted", None)]
    assert len(queued(messages)[0].events) == 1


def test_an_event_that_cannot_be_scrubbed_is_rejected_and_nothing_of_it_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fail closed: no message, no announcement that stays, a reason in the receipt and in the notes."""

    def fail(*_arguments: object) -> NoReturn:
        raise ScrubFailed

    monkeypatch.setattr(Scrubber, "scrub_properties", fail)
    messages: list[str] = []
    receipts = RecordingReceipts()
    receipt = receipt_of(flow(messages, receipts).accept_batch(body(happening()), caller()))
    assert [(result.status, result.reason) for result in receipt.results] == [("rejected", "scrub_failed")]
    assert messages == []
    assert receipts.withdrawn == receipts.announced
    assert [noted.reason for noted in receipts.rejected] == ["scrub_failed"]


def test_a_batch_is_announced_before_it_is_queued_and_withdrawn_when_it_cannot_be() -> None:
    """So that a receipt can be asked for at any time, and none promises what did not happen."""
    receipts = RecordingReceipts()

    def refuse(_message: str) -> NoReturn:
        assert len(receipts.announced) == 1
        raise QueueUnavailable

    with pytest.raises(QueueUnavailable):
        replace(flow([], receipts), queue=refuse).accept_batch(body(happening()), caller())
    assert receipts.withdrawn == receipts.announced


def test_a_database_that_is_away_does_not_keep_events_out() -> None:
    """They are queued, and clients are asked to slow down."""
    messages: list[str] = []
    collect = flow(messages, RecordingReceipts(fault=StoreUnavailable()))
    assert receipt_of(collect.accept_batch(body(happening()), caller())).counts.accepted == 1
    assert len(messages) == 1
    assert collect.gauge.queue_lag_ms > 0


def test_over_the_rate_nothing_is_done() -> None:
    """Neither scrubbed nor queued."""
    messages: list[str] = []
    ingestion = flow(messages, RecordingReceipts(retry_after_ms=700)).accept_batch(body(happening()), caller())
    assert (ingestion.receipt, ingestion.retry_after_ms) == (None, 700)
    assert messages == []


def test_without_keys_nothing_is_claimed() -> None:
    """Pseudonyms need the keys: the answer asks the client to come back, before anything was noted."""
    receipts = RecordingReceipts()

    def no_keys(_org_id: UUID) -> NoReturn:
        raise KeysUnavailable

    with pytest.raises(KeysUnavailable):
        replace(flow([], receipts), scrubbing_of=no_keys).accept_batch(body(happening()), caller())
    assert receipts.announced == []


def test_too_many_events_are_refused_together() -> None:
    """Before any of them is looked at."""
    with pytest.raises(TooManyEvents):
        flow([]).accept_batch(body(*(happening() for _ in range(501))), caller())


@pytest.mark.parametrize("text", ["\x00nul", "\ufffe\uffff", "\u2028", "ünï😀"])
def test_every_text_fits_queue_and_database(text: str) -> None:
    """What JSON allows and SQS or PostgreSQL do not is escaped or left out."""
    messages: list[str] = []
    flow(messages).accept_batch(body(happening(properties={"lesson_id": text, "title": text})), caller())
    assert "\\u0000" not in messages[0]
    assert not {"\ufffe", "\uffff"} & set(messages[0])
    assert queued(messages)


def test_an_organisation_may_refuse_events_by_name() -> None:
    """Its policy says so: rejected with a reason, and nothing of it is queued."""

    def stricter(org_id: UUID) -> Scrubbing:
        policy = policy_with(PolicyAdditions(refuse_events=("lesson_viewed",)))
        pseudonymiser = Pseudonymiser(KEYRING, org_id)
        return Scrubbing(Scrubber(policy, pseudonymiser), pseudonymiser, policy)

    messages: list[str] = []
    collect = replace(flow(messages), scrubbing_of=stricter)
    receipt = receipt_of(collect.accept_batch(body(happening(name="Lesson Viewed")), caller()))
    assert [(result.status, result.reason) for result in receipt.results] == [("rejected", "event_refused")]
    assert messages == []


UNFIT = [
    r'{"half": "\ud800"}',
    r'{"\udfff": 1, "lesson_id": "l-1"}',
    '{"deep": ' + "[" * 220 + "]" * 220 + "}",
    '{"deep": ' + '{"a":' * 900 + "1" + "}" * 900 + "}",
    '{"deep": ' + "[" * 100_000 + "]" * 100_000 + "}",
]


@pytest.mark.parametrize("properties", UNFIT, ids=lambda text: text[:20])
@pytest.mark.parametrize("is_single", [True, False])
def test_properties_that_could_never_be_kept_cost_themselves(properties: str, is_single: bool) -> None:
    """Half a surrogate pair, and nesting without end, of which the policy keeps nothing: the event stays."""
    messages: list[str] = []
    event = json.dumps(happening(properties="...")).replace('"..."', properties)
    if is_single:
        receipt = receipt_of(flow(messages).accept_event(event.encode(), caller()))
    else:
        whole = f'{{"events": [{event}, {json.dumps(happening())}]}}'
        receipt = receipt_of(flow(messages).accept_batch(whole.encode(), caller()))
    assert {result.status for result in receipt.results} == {"accepted"}
    assert len(queued(messages)[0].events) == (1 if is_single else 2)


@pytest.mark.parametrize("member", ["name", "user_id", "event_id"])
def test_an_identifier_that_cannot_be_kept_costs_its_event(member: str) -> None:
    """Half a surrogate pair in one is not read as something else."""
    receipt = receipt_of(flow([]).accept_batch(body(happening(**{member: "\ud800"}), happening()), caller()))
    assert [result.status for result in receipt.results] == ["rejected", "accepted"]
