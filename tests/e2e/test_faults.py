"""Faults, made for real: the database crashes, workers are killed, the queue cannot be reached, messages are poison.

After each one the ledger balances: what was answered as taken is stored exactly once, and nothing else is.
"""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api, Event, Sender, statuses
from tests.e2e.test_refusals import assert_problem
from tests.e2e.waiting import await_until
from workbench.stack.local import LocalStack
from workbench.stack.state import StackState

TAKEN = {"accepted", "duplicate", "spooled"}
ANSWERED = {200, 202}
NOWHERE = "http://127.0.0.1:9"  # the discard port, without a listener
SENDERS = 4


class Stream:
    """Several learners who send batch after batch at once, each batch again until it is answered."""

    def __init__(self, api: Api, learners: int = SENDERS) -> None:
        org_id = uuid4()
        self.org_ids = [org_id]
        self.learners = [api.learner(org_id) for _ in range(learners)]
        self.taken: list[Event] = []
        self.answers: list[int] = []
        self._stop = threading.Event()

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Send for as long as this lasts; then let every learner finish its batch."""
        with ThreadPoolExecutor(len(self.learners)) as pool:
            senders = [pool.submit(self._send_on, learner) for learner in self.learners]
            try:
                yield
            finally:
                self._stop.set()
            for sender in senders:
                sender.result()

    def _send_on(self, learner: Sender) -> None:
        while not self._stop.is_set():
            self._send_until_answered(learner, learner.events(25))

    def _send_until_answered(self, learner: Sender, events: list[Event]) -> None:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            response = learner.send(events)
            self.answers.append(response.status_code)
            if response.status_code in ANSWERED:
                assert set(statuses(response)) <= TAKEN
                self.taken += events
                return
            time.sleep(float(response.headers.get("Retry-After", 0.1)))
        raise AssertionError(f"Never answered; the last status was {response.status_code}.")

    def has(self, status: int, times: int = 1) -> Callable[[], bool]:
        """Return whether this status was answered that often since now, as a condition to await."""
        before = self.answers.count(status)
        return lambda: self.answers.count(status) - before >= times


@contextmanager
def outage(stack: LocalStack, state: StackState, mode: str) -> Iterator[None]:
    """Stop PostgreSQL, and start it again on its port."""
    stack.postgres.stop(mode)
    try:
        yield
    finally:
        stack.postgres.start(state.postgres_port)


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_no_event_is_lost_when_the_database_goes_away(
    api: Api, stack: LocalStack, state: StackState, cloud: Cloud, database: Database, mode: str
) -> None:
    """PostgreSQL crashes (or stops) under load and comes back: batches are spooled meanwhile, and the spool drains."""
    stream = Stream(api)
    with stream.flowing():
        await_until(stream.has(200, 8), "batches are stored")
        with outage(stack, state, mode):
            await_until(stream.has(202, 8), "batches are spooled")
        await_until(stream.has(200, 8), "batches are stored again")

    await_until(lambda: cloud.spooled() == 0, "the spool is empty", 60)
    assert cloud.dead() == 0
    database.assert_balanced(stream.org_ids, stream.taken)


def test_no_event_is_lost_or_doubled_when_workers_are_killed(api: Api, cloud: Cloud, database: Database) -> None:
    """All workers are killed -9 under load until batches were hit; clients send again until they are answered."""
    stream = Stream(api)
    with stream.flowing():
        await_until(stream.has(200, 8), "batches are stored")
        hit = stream.has(502, 3)
        while not hit():
            alive = stream.has(200)
            for worker in cloud.workers("Progress"):
                worker.kill()
            await_until(alive, "batches are stored again")

    database.assert_balanced(stream.org_ids, stream.taken)


def test_batch_of_a_worker_killed_before_it_could_answer_counts_once(
    api: Api, cloud: Cloud, database: Database
) -> None:
    """A worker dies while the database works on its batch: stored, never answered, sent again: duplicates."""
    learner = api.learner()
    events = learner.events(10)
    with ThreadPoolExecutor(1) as pool:
        with database.learner_locked(learner.user_id):
            lost = pool.submit(learner.send, events)
            await_until(lambda: database.waiting_calls() == 1, "the procedure waits for the lock")
            for worker in cloud.workers("Progress"):
                worker.kill()
            assert lost.result().status_code >= 500
        await_until(lambda: len(database.event_ids(*learner.org_ids)) == 10, "the batch is committed")

    assert statuses(learner.send(events)) == ["duplicate"] * 10
    database.assert_balanced(learner.org_ids, events)


def test_nothing_is_claimed_when_the_queue_is_away_too(
    api: Api, stack: LocalStack, state: StackState, cloud: Cloud, database: Database
) -> None:
    """Neither database nor queue: 503 with Retry-After, no receipt, and nothing turns up later."""
    learner = api.learner()
    events = learner.events(5)
    with cloud.function_environment("Progress", {"AWS_ENDPOINT_URL_SQS": NOWHERE}), outage(stack, state, "fast"):
        response = learner.send(events)

    problem = assert_problem(response, 503, "queue_unavailable")
    assert int(response.headers["Retry-After"]) >= 1
    assert int(response.headers["X-Client-Queue-Lag"]) > 0
    assert "results" not in problem
    await_until(lambda: cloud.spooled() == 0, "the spool is empty")
    assert not database.knows(event["event_id"] for event in events)
    assert statuses(learner.send(events)) == ["accepted"] * 5


def test_every_accepted_text_fits_the_spool(
    api: Api, stack: LocalStack, state: StackState, cloud: Cloud, database: Database
) -> None:
    """Texts that SQS would refuse are refused at once, so that one never keeps a whole batch out of the spool."""
    learner = api.learner()
    odd, good = (
        learner.event(course_id="course-\uffff-\ufffe"),
        learner.event(course_id="course-\U0001f600-\u202e-\ue000"),
    )
    with outage(stack, state, "fast"):
        response = learner.send([odd, good])

    assert (response.status_code, statuses(response)) == (202, ["rejected", "spooled"])
    await_until(lambda: database.event_ids(*learner.org_ids) == [good["event_id"]], "the good one is stored")
    database.assert_balanced(learner.org_ids, [good])


def test_event_that_names_no_organisation_is_not_claimed_without_the_database(
    api: Api, stack: LocalStack, state: StackState, cloud: Cloud, database: Database
) -> None:
    """Only the database knows whose such an event is, if anybody's: `retry`, or 503 when there is nothing else."""
    learner = api.learner()
    orphan, good = learner.event(org_id=None), learner.event()
    with outage(stack, state, "fast"):
        mixed, alone = learner.send([orphan, good]), learner.send_one(orphan)

    assert (mixed.status_code, statuses(mixed)) == (202, ["retry", "spooled"])
    assert_problem(alone, 503, "store_unavailable")
    assert int(alone.headers["Retry-After"]) >= 1
    await_until(lambda: cloud.spooled() == 0, "the spool is empty")
    database.assert_balanced(learner.org_ids, [good])
    database.assign(learner.org_ids[0], learner.user_id, orphan["course_id"])
    assert statuses(learner.send([orphan])) == ["accepted"]


POISONED = (
    "select dead_letter_id from rollcall.dead_letters"
    " where queue = 'spool' and cause = 'poisoned' and error_code = 'poisoned_message' and state = 'open'"
)


def test_poisoned_message_is_buried_alone(api: Api, cloud: Cloud, database: Database) -> None:
    """Unreadable messages become dead letters; the good ones beside them are stored."""
    before = set(database.rows(POISONED))
    learner = api.learner()
    events = learner.events(6)
    bad_event = {**learner.event(), "percent": 1000}
    poison = ["not JSON", "[]", _spooled(learner, []).replace("events", "event"), _spooled(learner, [bad_event])]
    for event, bad in itertools.zip_longest(events, poison):
        cloud.spool(_spooled(learner, [event]))
        if bad:
            cloud.spool(bad)

    await_until(lambda: cloud.spooled() == 0, "the spool is empty")
    await_until(lambda: len(set(database.rows(POISONED)) - before) == len(poison), "all poison is buried", 60)
    assert cloud.dead() == 0
    database.assert_balanced(learner.org_ids, events)


def _spooled(learner: Sender, events: list[Event]) -> str:
    return json.dumps(
        {
            "subject": str(learner.user_id),
            "org_ids": [str(org_id) for org_id in learner.org_ids],
            "received_at": datetime.now(UTC).isoformat(),
            "events": events,
        }
    )


def test_learner_held_up_does_not_hold_up_others(api: Api, cloud: Cloud, database: Database) -> None:
    """A batch that cannot have its learner's lock in time is spooled; another learner is answered meanwhile."""
    stuck, other = api.learner(), api.learner()
    events = stuck.events(3)
    with database.learner_locked(stuck.user_id), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(stuck.send, events)
        await_until(lambda: database.waiting_calls() == 1, "the procedure waits for the lock")
        assert statuses(other.send([other.event()])) == ["accepted"]
        assert (waiting.result().status_code, statuses(waiting.result())) == (202, ["spooled"] * 3)

    await_until(lambda: cloud.spooled() == 0, "the spool is empty")
    database.assert_balanced(stuck.org_ids, events)
