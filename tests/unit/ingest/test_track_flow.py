"""The way of a Segment batch into the queue: under a write key, scrubbed, each call judged on its own."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.analytics import QueuedBatch, ScrubbedEvent
from rollcall.contracts.ingest.flags import Flags
from rollcall.domain.ingest import write_key
from rollcall.domain.ingest.flags import find_drop
from rollcall.domain.ingest.segment import message_event_id
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.errors import InvalidBody, InvalidWriteKey, QueueUnavailable, ScrubFailed, StoreUnavailable, TooManyEvents
from rollcall.flows.ingest.progress import Ingestion
from rollcall.flows.ingest.segment import IngestSegment
from rollcall.flows.ingest.write_key_check import WriteKeyCheck

from tests.builders import NOW, ORG
from tests.unit.ingest.test_collect_flow import flow
from tests.unit.ingest.test_ingest_flow import RecordingReceipts
from tests.unit.ingest.test_segment import call

WRITE_KEY_ID = UUID("2f6f3f1f-9d8e-4a52-8c1e-6a3e0b1f6c1e")
KEY = write_key.write(ORG, "s" * 43)
EVENTS_MAX = 20


class Way:
    """The flow, with a queue that records, a store of one key, and flags that can be switched."""

    def __init__(self) -> None:
        self.messages: list[QueuedBatch] = []
        self.queue_away = False
        self.store_away = False
        self.now = NOW
        self.flags = Flags()
        self.receipts = RecordingReceipts()
        plain = flow([], self.receipts)
        rules = replace(plain.rules, events_max=EVENTS_MAX)
        collect = replace(
            plain, queue=self._queue, rules=rules, now=lambda: self.now, new_batch_id=uuid4, find_drop=self._find_drop
        )
        self.track = IngestSegment(collect, WriteKeyCheck(self._find_key, lambda: 0.0))

    def _queue(self, message: str) -> None:
        if self.queue_away:
            raise QueueUnavailable
        self.messages.append(QueuedBatch.model_validate_json(message))

    def _find_key(self, org_id: UUID, _digest: bytes) -> UUID | None:
        if self.store_away:
            raise StoreUnavailable
        return WRITE_KEY_ID if org_id == ORG else None

    def _find_drop(self, org_id: UUID, event: ScrubbedEvent) -> str | None:
        return find_drop(self.flags, "on", org_id, event.name, event.event_id)

    def send(self, *calls: Any, key: str | None = KEY, **members: Any) -> Ingestion:
        """Send a batch of these calls."""
        return self.track.accept_batch(json.dumps({"batch": calls, **members}).encode(), key)

    def queued(self) -> list[ScrubbedEvent]:
        """Return the events of all messages."""
        return [event for message in self.messages for event in message.events]


@pytest.fixture
def way() -> Way:
    return Way()


def outcomes(ingestion: Ingestion) -> list[str | None]:
    """Return each call's status, or the reason of its rejection."""
    assert ingestion.receipt is not None
    return [result.reason or result.status for result in ingestion.receipt.results]


def test_a_batch_goes_to_the_queue_as_one_message(way: Way) -> None:
    """It names the organisation and the write key, and says by which route it came."""
    assert outcomes(way.send(call(), call(type="identify", event=...))) == ["accepted"] * 2
    (message,) = way.messages
    assert (message.org_id, message.sent_by, message.route) == (ORG, f"write_key:{WRITE_KEY_ID}", "segment")
    assert [event.name for event in message.events] == ["lesson_viewed", "identify"]


def test_nothing_personal_reaches_the_queue(way: Way) -> None:
    """Traits, ids, addresses, names and free text are gone or pseudonyms; what is declared safe stays."""
    secrets = {"name": "Ada Lovelace", "email": "ada@example.org", "note": "lives next to the mill"}
    context = {
        "ip": "192.0.2.7", "userAgent": "Browser/1.0", "locale": "de-DE", "screen": {"width": 320},
        "library": {"name": "analytics-python", "version": "2.4.0"}, "device": {"id": "canary-device-0001"},
    }  # fmt: skip
    way.send(
        call(userId="ada@example.org", anonymousId="anonymous-canary", properties={**secrets, "lesson_id": "l-1"}),
        call(type="identify", userId="ada@example.org", traits=secrets, event=...),
        call(type="group", groupId="class-canary", traits=secrets, event=...),
        call(type="alias", previousId="anonymous-canary", event=...),
        call(event="Canary Event of Ada"),
        context=context,
    )
    text = way.messages[0].model_dump_json()
    told = [*secrets.values(), "anonymous-canary", "class-canary", "192.0.2.7", "Browser", "canary-device", "Canary"]
    assert [secret for secret in told if secret in text] == []
    assert way.queued()[0].properties == {
        "lesson_id": "l-1",
        "context": {
            "locale": "de-DE", "screen": {"width": 320},
            "library": {"name": "analytics-python", "version": "2.4.0"}, "device": {},
        },
    }  # fmt: skip


def test_somebodys_pseudonyms_join_across_calls(way: Way) -> None:
    """Who was anonymous in a track is the previous id of an alias; who is identified is who tracks."""
    way.send(
        call(userId=..., anonymousId="a-1"),
        call(type="alias", previousId="a-1", userId="u-1", event=...),
        call(type="identify", userId="u-1", event=...),
        call(type="group", userId="u-1", groupId="g-1", event=...),
    )
    track, alias, identify, group = way.queued()
    assert track.anonymous_pseudonym is not None
    assert alias.properties["previous_id"] == track.anonymous_pseudonym
    assert alias.user_pseudonym == identify.user_pseudonym == group.user_pseudonym != track.anonymous_pseudonym
    assert group.properties["group_id"] not in {"g-1", group.user_pseudonym}


def test_a_call_that_cannot_be_taken_fails_alone(way: Way) -> None:
    """Each fault names the call, and never what it says."""
    ingestion = way.send(
        call(), "canary", call(type="canary"), call(event=...), call(timestamp="1999-01-01T00:00:00Z"),
        call(messageId=..., timestamp=...), call(),
    )  # fmt: skip
    assert outcomes(ingestion) == [
        "accepted", "invalid", "invalid", "event_missing", "out_of_window", "identity_missing", "accepted"
    ]  # fmt: skip
    assert [(fault.pointer, fault.code) for fault in ingestion.faults] == [
        ("/batch/1", "object_type"),
        ("/batch/2/type", "literal_error"),
        ("/batch/3/event", "event_missing"),
        ("/batch/4/timestamp", "out_of_window"),
        ("/batch/5/messageId", "identity_missing"),
    ]
    assert "canary" not in str(ingestion.faults)
    assert len(way.queued()) == 2


def test_what_is_sent_again_says_the_same(way: Way) -> None:
    """A client that sends a batch again does so at another time: identity and digest stay, so it counts once."""
    batch = [call(), call(messageId="m-1"), call(messageId=...)]
    for minutes in (0, 7):
        way.now = NOW + timedelta(minutes=minutes)
        way.send(*batch, sentAt=(way.now - timedelta(days=100)).isoformat())
    first, again = (message.events for message in way.messages)
    assert [(event.event_id, event.digest) for event in first] == [(event.event_id, event.digest) for event in again]


@pytest.mark.parametrize("told", [{}, {"messageId": "m-1"}, {"timestamp": None}, {"timestamp": " "}])
@pytest.mark.parametrize("sent", [False, True])
def test_what_tells_no_time_says_the_same_at_each_attempt(way: Way, told: dict[str, Any], sent: bool) -> None:
    """Its time is that of the attempt, and no part of what it says; another word is another content."""
    document = call(timestamp=...) | told
    for seconds in (0, 30):
        way.now = NOW + timedelta(seconds=seconds)
        way.send(document, **({"sentAt": way.now.isoformat()} if sent else {}))
    way.send(document | {"event": "quiz started"})
    way.send(document | {"timestamp": NOW.isoformat()})
    first, again, other, timed = way.queued()
    assert (first.occurred_at, again.occurred_at) == (NOW, NOW + timedelta(seconds=30))
    assert first.digest == again.digest
    assert len({first.digest, other.digest, timed.digest}) == 3


NUMBERS = ["NaN", "Infinity", "-Infinity", "1" * 4301, "-" + "1" * 5000, "1e999", "-1e999", "1" * 4300]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "member", ["properties", "userId", "anonymousId", "groupId", "context", "integrations", "extra"]
)
def test_a_number_that_is_none_costs_its_member_alone(way: Way, number: str, member: str) -> None:
    """Not the other calls of its batch."""
    odd = call(anonymousId="a-1") | {member: {"score": "HERE"} if member in {"properties", "context"} else "HERE"}
    body = json.dumps({"batch": [*(call() for _ in range(5)), odd]}).replace('"HERE"', number)
    assert outcomes(way.track.accept_batch(body.encode(), KEY)) == ["accepted"] * 6
    assert "score" not in str(way.queued()[5].properties) or way.queued()[5].properties["score"] is None
    single = json.dumps(odd).replace('"HERE"', number).encode()
    assert outcomes(way.track.accept_call(single, KEY, "track")) == ["accepted"]


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1" * 4301])
def test_a_call_that_is_no_number_is_refused_alone(way: Way, number: str) -> None:
    """It is no call either way; what is no JSON at all is refused as ever."""
    body = f'{{"batch": [{json.dumps(call())}, {number}]}}'.encode()
    assert outcomes(way.track.accept_batch(body, KEY)) == ["accepted", "invalid"]
    with pytest.raises(InvalidBody):
        way.track.accept_batch(body[:-1], KEY)


@pytest.mark.parametrize(
    ("timestamp", "sent_at", "occurred_at"),
    [
        (NOW - timedelta(days=100, minutes=5), NOW - timedelta(days=100), NOW - timedelta(minutes=5)),
        (NOW + timedelta(days=400, minutes=-5), NOW + timedelta(days=400), NOW - timedelta(minutes=5)),
        (NOW - timedelta(days=7), NOW, NOW - timedelta(days=7)),
        (NOW - timedelta(minutes=5), None, NOW - timedelta(minutes=5)),
        (NOW - timedelta(minutes=5), NOW - timedelta(days=100), NOW - timedelta(minutes=5)),
        (None, NOW - timedelta(days=100), NOW),
        (None, None, NOW),
    ],
)
def test_clocks_are_corrected_by_sent_at(
    way: Way, timestamp: datetime | None, sent_at: datetime | None, occurred_at: datetime
) -> None:
    """When it happened is counted back from when it reached us; without a usable sentAt the client's word stands."""
    told = {} if sent_at is None else {"sentAt": sent_at.isoformat()}
    assert outcomes(way.send(call(timestamp=timestamp.isoformat() if timestamp else ...), **told)) == ["accepted"]
    (event,) = way.queued()
    assert event.occurred_at == occurred_at


@pytest.mark.parametrize("key", [None, KEY])
def test_the_key_may_stand_in_the_body(way: Way, key: str | None) -> None:
    """Where the header names one, the body's does not count."""
    written = KEY if key is None else write_key.write(uuid4(), "s" * 43)
    assert outcomes(way.send(call(), key=key, writeKey=written)) == ["accepted"]


@pytest.mark.parametrize("key", ["", "nonsense", write_key.write(uuid4(), "s" * 43), None])
def test_without_a_good_key_nothing_is_taken(way: Way, key: str | None) -> None:
    """Whatever the body is."""
    with pytest.raises(InvalidWriteKey):
        way.send(call(), key=key)
    if key is not None:
        with pytest.raises(InvalidWriteKey):
            way.track.accept_batch(b"nonsense", key)
    assert way.messages == []


def test_nobody_is_turned_away_for_our_trouble(way: Way) -> None:
    """A store or a queue that is away says so, and nothing was taken."""
    way.queue_away = True
    with pytest.raises(QueueUnavailable):
        way.send(call())
    fresh = Way()
    fresh.store_away = True
    with pytest.raises(StoreUnavailable):
        fresh.send(call())


def test_a_batch_has_limits(way: Way) -> None:
    """So many calls, and JSON."""
    with pytest.raises(TooManyEvents):
        way.send(*[call()] * (EVENTS_MAX + 1))
    with pytest.raises(InvalidBody):
        way.track.accept_batch(b"nonsense", KEY)


def test_what_is_switched_off_is_dropped_after_scrubbing(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is queued, and each call gets its reason, also one that cannot be scrubbed: a dark launch shows it."""
    way.flags = Flags(emit="off")
    assert outcomes(way.send(call(), call(event="other"))) == ["emit_off"] * 2

    def fail(*_arguments: object) -> None:
        raise ScrubFailed

    monkeypatch.setattr(Scrubber, "scrub_properties", fail)
    assert outcomes(way.send(call())) == ["scrub_failed"]
    assert way.messages == []


def test_sampling_goes_by_the_name_that_is_stored(way: Way) -> None:
    """However a client writes it."""
    way.flags = Flags(sampling={"lesson_viewed": 0})
    calls = [call(event="Lesson Viewed"), call(event="lessonViewed"), call(event="quiz_started")]
    assert outcomes(way.send(*calls)) == ["sampled_out", "sampled_out", "accepted"]
    assert [event.name for event in way.queued()] == ["quiz_started"]


def test_a_rejected_call_can_be_found_again(way: Way) -> None:
    """By its messageId, where it has one that can be read: the receipts' store has its id and reason."""
    known = uuid4()
    ingestion = way.send(
        call(messageId=str(known), userId={"id": 1}), call(messageId="m-1", event=...), call(messageId=..., type="no"),
        call(messageId="m-2", timestamp="1999-01-01T00:00:00Z"), call(messageId=7, timestamp="soon"), "nonsense",
        call(),
    )  # fmt: skip
    ids = [known, *(message_event_id(ORG, text) for text in ("m-1", "m-2", "7"))]
    noted = {(rejection.org_id, rejection.event_id, rejection.reason) for rejection in way.receipts.rejected}
    reasons = ["invalid", "event_missing", "out_of_window", "invalid"]
    assert noted == {(ORG, event_id, reason) for event_id, reason in zip(ids, reasons, strict=True)}
    assert ingestion.receipt
    told = [result.event_id for result in ingestion.receipt.results]
    assert told[:2] == ids[:2]
    assert (told[2], told[5]) == (None, None)


def test_what_a_client_told_stays_beside_a_corrected_time(way: Way) -> None:
    """A remark has the original time; an event with an unchanged time has none."""
    behind = NOW - timedelta(hours=3)
    way.send(call(timestamp=behind.isoformat()), sentAt=behind.isoformat())
    way.send(call(timestamp=behind.isoformat()), sentAt=NOW.isoformat())
    corrected, told = way.queued()
    assert (corrected.occurred_at, told.occurred_at) == (NOW, behind)
    assert ("occurred_at", "@clock", f"corrected from {behind.isoformat()}") in corrected.remarks
    assert not [remark for remark in told.remarks if remark[1] == "@clock"]


def test_a_call_may_say_itself_when_it_was_sent(way: Way) -> None:
    """As RudderStack's libraries do, where their batch does not."""
    behind = NOW - timedelta(hours=3)
    way.send("nonsense", call(timestamp=behind.isoformat(), sentAt=behind.isoformat()))
    way.track.accept_call(json.dumps(call(timestamp=..., sentAt=behind.isoformat())).encode(), KEY, "track")
    assert [event.occurred_at for event in way.queued()] == [NOW, NOW]


@pytest.mark.parametrize("key", [KEY, None])
@pytest.mark.parametrize("named", [write_key.write(uuid4(), "s" * 43), "another"])
def test_a_call_of_another_organisations_key_is_refused_alone(way: Way, key: str | None, named: str) -> None:
    """It would be stored where its sender did not mean it to be."""
    calls = (call(writeKey=KEY), call(writeKey=named), call(), call(writeKey=""), call(writeKey=7))
    answers = ["accepted", "write_key_differs", *["accepted"] * 3]
    assert outcomes(way.send(*calls, key=key)) == answers
    single = json.dumps(call(writeKey=named)).encode()
    assert outcomes(way.track.accept_call(single, KEY, "track")) == ["write_key_differs"]
    assert outcomes(way.send(call(writeKey=write_key.write(ORG, "r" * 43)))) == ["accepted"]


@pytest.mark.parametrize("place", ["batch", "call"])
def test_the_key_may_stand_in_a_call(way: Way, place: str) -> None:
    """As browsers send it, one call or several."""
    named = call(writeKey=KEY)
    ingestion = (
        way.send("nonsense", named, key=None)
        if place == "batch"
        else way.track.accept_call(json.dumps(named).encode(), None, "track")
    )
    assert outcomes(ingestion)[-1] == "accepted"
    with pytest.raises(InvalidWriteKey):
        way.track.accept_call(json.dumps(call()).encode(), None, "track")
