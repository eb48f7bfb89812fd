"""Redriving: what is sent, what fails, what is noted, and where it goes on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.dead_letters.letter import DeadLetter, MessageAttributes
from rollcall.contracts.dead_letters.redrive import Selection
from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.contracts.operations import Operation
from rollcall.contracts.scrub.policy import PolicyAdditions
from rollcall.domain.keyring import Keyring
from rollcall.domain.retention.lifetimes import Lifetimes
from rollcall.domain.scrub.policy import Policy, default_policy, policy_with
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.errors import ObjectMissing, ObjectsUnavailable, QueueUnavailable, RollcallError
from rollcall.flows.dead_letters.redrive import LETTERS_MAX, Redrive, Result
from rollcall.flows.operations.work import Chunk, StepResult
from rollcall.flows.scrub.events import Scrubbing

from tests.builders import NOW, ORG, progress_event, queued_batch, scrubbed_event
from tests.unit.operations.test_operate_flow import an_operation

CANARY = "kim@example.org"
LIFETIMES = Lifetimes(timedelta(days=30), timedelta(days=90))
CHUNK = Chunk(None, uuid4(), 30)
SPOOLED = SpooledBatch(subject="subject:" + "0" * 32, org_ids=[ORG], received_at=NOW, events=[progress_event()])


@dataclass
class Fakes:
    """A ledger, an archive and queues that record their calls, and fail where a test says so."""

    letters: list[DeadLetter] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)
    sent: list[tuple[str, str, MessageAttributes]] = field(default_factory=list)
    marked: list[tuple[UUID, UUID, str, str, list[Result]]] = field(default_factory=list)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    send_faults: dict[UUID | None, RollcallError] = field(default_factory=dict)
    policy: Policy = field(default_factory=default_policy)
    now: datetime = NOW

    def add(self, body: str | None, queue: str = "spool") -> DeadLetter:
        """Add a dead letter with this body; without one it has no body in the archive."""
        letter_id = uuid4()
        letter = DeadLetter(
            org_id=ORG, dead_letter_id=letter_id, queue=queue, cause="poisoned", error_code="poisoned_message",
            state="open", first_failed_at=NOW, last_failed_at=NOW, failure_count=1, receive_count=3, redrive_count=0,
            size_bytes=1, body_digest="a" * 32, event_count=1, archive_key=f"key/{letter_id}",
        )  # fmt: skip
        self.letters = sorted([*self.letters, letter], key=lambda each: each.dead_letter_id)
        if body is not None:
            self.bodies[f"key/{letter_id}"] = body.encode()
        return letter

    def select_dead_letters(
        self, org_id: UUID, selection: Selection, until: datetime | None, after: UUID | None, limit: int
    ) -> tuple[int | None, list[DeadLetter]]:
        """Select what comes after."""
        self.asked.append((org_id, selection, until))
        chosen = [letter for letter in self.letters if after is None or letter.dead_letter_id > after]
        return None if after else len(chosen), chosen[:limit]

    def mark_redriven(
        self, org_id: UUID, operation_id: UUID, acted_by: str, reason: str, results: Sequence[Result]
    ) -> None:
        """Note results."""
        self.marked.append((org_id, operation_id, acted_by, reason, list(results)))

    def get(self, key: str) -> bytes:
        """Return a body."""
        if key not in self.bodies:
            raise ObjectMissing
        return self.bodies[key]

    def send(self, queue: str, body: str, attributes: dict[str, str]) -> None:
        """Take a message."""
        carried = MessageAttributes.read(attributes)
        if fault := self.send_faults.get(carried.dead_letter_id):
            raise fault
        self.sent.append((queue, body, carried))

    def scrubbing_of(self, org_id: UUID) -> Scrubbing:
        """Return what to scrub with."""
        pseudonymiser = Pseudonymiser(Keyring("k2", {"k1": "s" * 40, "k2": "t" * 40}), org_id)
        return Scrubbing(Scrubber(self.policy, pseudonymiser), pseudonymiser, self.policy)

    def step(self, operation: Operation, chunk: Chunk = CHUNK) -> StepResult:
        """Do one step."""
        return Redrive(self, self, self.send, self.scrubbing_of, LIFETIMES, lambda: self.now)(operation, chunk)


def a_redrive(**changes: Any) -> Operation:
    fields = {"kind": "redrive", "source": "dead_letters", "parameters": {"selection": {"all": True}}, "reason": "why"}
    return an_operation(**fields | changes)


def codes(fakes: Fakes) -> dict[UUID, str | None]:
    return {letter.dead_letter_id: code for *_, results in fakes.marked for letter, code in results}


def test_a_batch_goes_back_to_its_queue_with_its_dead_letter() -> None:
    """Sent with who it was, noted with who asked and why, counted; and that was all of it."""
    fakes, operation = Fakes(), a_redrive()
    letter = fakes.add(SPOOLED.model_dump_json())
    done = fakes.step(operation)
    ((queue, body, attributes),) = fakes.sent
    assert queue == "spool"
    assert SpooledBatch.model_validate_json(body) == SPOOLED
    assert attributes == MessageAttributes(
        org_id=ORG, dead_letter_id=letter.dead_letter_id, operation_id=operation.operation_id, first_failed_at=NOW
    )
    assert fakes.marked == [(ORG, operation.operation_id, "somebody", "why", [(letter, None)])]
    assert fakes.asked == [(ORG, Selection(all=True), NOW)]
    assert done == StepResult(
        {"redriven": 1, "done": 1, "total": 1}, {"dead_letter_id": str(letter.dead_letter_id)}, is_done=True, units=1
    )


def test_an_analytics_batch_is_scrubbed_by_the_policy_of_now() -> None:
    """A property that the organisation dropped meanwhile is gone, remarks say so, and pseudonyms keep their key."""
    fakes = Fakes(policy=policy_with(PolicyAdditions(drop=("score",))))
    batch = queued_batch(ORG, scrubbed_event(), key_id="k1")
    fakes.add(batch.model_dump_json(), "analytics")
    fakes.step(a_redrive())
    sent = QueuedBatch.model_validate_json(fakes.sent[0][1])
    assert sent.events[0].properties == {}
    assert "score" in str(sent.events[0].remarks)
    assert sent.policy_version == fakes.policy.version != batch.policy_version
    assert (sent.key_id, sent.batch_id, sent.events[0].digest) == ("k1", batch.batch_id, batch.events[0].digest)


def test_an_unreadable_body_is_scrubbed_again_and_sent() -> None:
    """A newer version may read the body by now; the message that is sent holds nothing personal."""
    fakes = Fakes()
    fakes.add(json.dumps({"contact": CANARY}))
    fakes.add(f"no JSON {CANARY}")
    fakes.step(a_redrive())
    assert len(fakes.sent) == 2
    assert all(CANARY not in body for _, body, _ in fakes.sent)


def test_a_message_that_cannot_be_redriven_fails_alone_with_a_code() -> None:
    """A body that is gone, never was, cannot be scrubbed or is too large: each has its code, and the others go."""
    fakes = Fakes(policy=policy_with(PolicyAdditions(refuse_events=("lesson_viewed",))))
    good = fakes.add(SPOOLED.model_dump_json())
    gone = fakes.add(None)
    never = fakes.add(None)
    bodiless = never.model_copy(update={"archive_key": None, "error_code": "scrub_failed"})
    fakes.letters[fakes.letters.index(never)] = bodiless
    refused = fakes.add(queued_batch(ORG, scrubbed_event()).model_dump_json(), "analytics")
    lost_key = fakes.add(queued_batch(ORG, scrubbed_event(), key_id="k0").model_dump_json(), "analytics")
    many = SPOOLED.model_copy(update={"events": [progress_event(lesson_id="x" * 128)] * 3000})
    large = fakes.add(many.model_dump_json())
    done = fakes.step(a_redrive())
    assert codes(fakes) == {
        good.dead_letter_id: None,
        gone.dead_letter_id: "object_missing",
        never.dead_letter_id: "scrub_failed",
        refused.dead_letter_id: "scrub_failed",
        lost_key.dead_letter_id: "configuration_invalid",
        large.dead_letter_id: "too_many_bytes",
    }
    assert len(fakes.sent) == 1
    assert done.counts == {"redriven": 1, "failed": 5, "done": 6, "total": 6}


def test_a_dry_run_counts_and_sends_nothing() -> None:
    """The same counts, since it reads and scrubs; nothing is sent, nothing noted."""
    fakes = Fakes()
    fakes.add(SPOOLED.model_dump_json())
    fakes.add(None)
    done = fakes.step(a_redrive(is_dry_run=True))
    assert done.counts == {"redriven": 1, "failed": 1, "done": 2, "total": 2}
    assert (fakes.sent, fakes.marked) == ([], [])


def test_it_goes_on_from_its_cursor_until_there_is_no_more() -> None:
    """A chunk has as many letters as the rate allows; the total is reported once; no letter is sent twice."""
    fakes, chunk = Fakes(), Chunk(2, uuid4(), 30)
    for _ in range(5):
        fakes.add(SPOOLED.model_dump_json())
    operation, totals, units = a_redrive(), [], []
    while True:
        done = fakes.step(operation, chunk)
        totals.append(done.counts.get("total"))
        units.append(done.units)
        operation = operation.model_copy(update={"cursor": done.cursor})
        if done.is_done:
            break
    assert (totals, units) == ([5, None, None], [2, 2, 1])
    sent = [attributes.dead_letter_id for _, _, attributes in fakes.sent]
    assert sent == [letter.dead_letter_id for letter in fakes.letters]


@pytest.mark.parametrize("letters", [0, LETTERS_MAX])
def test_the_last_chunk_may_be_empty(letters: int) -> None:
    """Nothing selected, or just as many as one chunk takes: it ends, in the same place."""
    fakes = Fakes()
    for _ in range(letters):
        fakes.add(SPOOLED.model_dump_json())
    operation = a_redrive()
    if letters:
        done = fakes.step(operation)
        assert not done.is_done
        operation = operation.model_copy(update={"cursor": done.cursor})
    last = fakes.step(operation)
    assert (last.is_done, last.cursor, last.units) == (True, operation.cursor, 0)


def test_letters_sent_before_the_queue_failed_are_noted() -> None:
    """It goes on after that one, instead of sending all of the chunk again; with nothing sent, it says what is away."""
    fakes = Fakes()
    for _ in range(3):
        fakes.add(SPOOLED.model_dump_json())
    fakes.send_faults[fakes.letters[1].dead_letter_id] = QueueUnavailable()
    done = fakes.step(a_redrive())
    assert (done.units, done.is_done) == (1, False)
    assert done.cursor == {"dead_letter_id": str(fakes.letters[0].dead_letter_id)}
    assert list(codes(fakes)) == [fakes.letters[0].dead_letter_id]
    with pytest.raises(QueueUnavailable):
        fakes.step(a_redrive(cursor=done.cursor))


def test_an_archive_that_is_away_is_no_failure_of_a_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operation is tried again later: nothing is noted."""
    fakes = Fakes()
    fakes.add(SPOOLED.model_dump_json())

    def away(_key: str) -> bytes:
        raise ObjectsUnavailable

    monkeypatch.setattr(fakes, "get", away)
    with pytest.raises(ObjectsUnavailable):
        fakes.step(a_redrive())
    assert fakes.marked == []


def test_an_event_older_than_the_ledger_is_not_sent() -> None:
    """Its dead letter stays, with the reason; an event of the last moment that the ledger vouches for goes."""
    fakes = Fakes()
    edge = LIFETIMES.vouches_from(fakes.now)
    fits, too_old = (
        SPOOLED.model_copy(update={"events": [progress_event(occurred_at=edge - timedelta(seconds=late))]})
        for late in (0, 1)
    )
    sent, kept = fakes.add(fits.model_dump_json()), fakes.add(too_old.model_dump_json())
    unreadable = fakes.add("{}")
    done = fakes.step(a_redrive())
    assert codes(fakes) == {sent.dead_letter_id: None, kept.dead_letter_id: "beyond_ledger",
                           unreadable.dead_letter_id: None}  # fmt: skip
    assert (done.counts["redriven"], done.counts["failed"]) == (2, 1)

    fakes.marked.clear()
    fakes.now += LIFETIMES.archive + timedelta(days=3)
    fakes.step(a_redrive())
    assert set(codes(fakes).values()) == {"beyond_ledger"}, "an unreadable message may be of any age"
