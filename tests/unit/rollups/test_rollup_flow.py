"""The worker and the dispatcher of rollups, with a store that follows a script."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.operations import Operation
from rollcall.contracts.rollups import FoldResult, Outcome, RollupMessage, Source
from rollcall.edge.triggers import job
from rollcall.edge.wiring import environment
from rollcall.edge.wiring import rollups as wiring_rollups
from rollcall.errors import PoisonedMessage, StoreUnavailable
from rollcall.flows import rollups
from rollcall.flows.rollups import Rollup, SliceResult

from functions.rollup import app as dispatch_app
from functions.rollup_worker import app as rollup_app
from tests.builders import ORG
from tests.unit.fakes.api_gateway import Context
from tests.unit.operations.test_operate_function import RecordingQueues

MESSAGE = RollupMessage(org_id=ORG, ticket_id=uuid4())
CHUNK = 10
QUEUE = "https://sqs.example/rollup"


@dataclass
class ScriptedStore:
    """Answers folds from a list of events that wait, and notes what was released."""

    waiting: dict[Source, int] = field(default_factory=lambda: {"progress": 0, "analytics": 0})
    outcome: Outcome = "folded"
    stale: deque[date] = field(default_factory=deque)
    released: list[RollupMessage] = field(default_factory=list)
    settles: deque[int] = field(default_factory=deque)
    lag: float | None = None

    def backlog(self, _ticket_seconds: float, limit: int) -> list[RollupMessage]:
        """Give out one ticket."""
        return [MESSAGE][:limit]

    def fold_events(self, org_id: UUID, source: Source, ticket_id: UUID | None, *_: float) -> FoldResult:
        """Fold a chunk of what waits."""
        assert (org_id, ticket_id) == (MESSAGE.org_id, MESSAGE.ticket_id)
        if self.outcome != "folded":
            return FoldResult(outcome=self.outcome, event_count=0)
        taken = min(CHUNK, self.waiting[source])
        self.waiting[source] -= taken
        return FoldResult(outcome="folded", event_count=taken)

    def rebuild_stale_day(self, _message: RollupMessage, _ticket_seconds: float) -> tuple[Outcome, date | None]:
        """Rebuild the next one."""
        return "folded", self.stale.popleft() if self.stale else None

    def release(self, message: RollupMessage) -> None:
        """Note it."""
        self.released.append(message)

    def rebase(self, _events_max: int) -> int | None:
        """Settle the next events."""
        return self.settles.popleft() if self.settles else None

    def lag_seconds(self) -> float | None:
        """Return the lag."""
        return self.lag

    def rebuild_chunk(self, operation: Operation, *_: Any) -> Operation | None:
        """Do nothing."""
        return operation


def ticking(seconds: float) -> Callable[[], float]:
    """Return a clock on which each look takes so long."""
    looks = iter(range(1_000_000))
    return lambda: seconds * next(looks)


def work(store: ScriptedStore, age_seconds: float = 0, look_seconds: float = 0) -> SliceResult:
    """Work on the message for a slice of 10 s."""
    return Rollup(store, ticking(look_seconds), 10, CHUNK).work(MESSAGE, age_seconds)


def test_a_backlog_is_folded_to_its_end_and_looked_at_again_soon() -> None:
    """Both sources, chunk by chunk; then the message waits a little for what comes next."""
    store = ScriptedStore({"progress": 35, "analytics": 12})
    assert work(store) == SliceResult("folded", rollups.LINGER_SECONDS, 47)
    assert store.released == []


def test_a_slice_ends_and_another_organisation_has_its_turn() -> None:
    """With events left, the message is back at once: behind the others."""
    store = ScriptedStore({"progress": 1_000, "analytics": 0})
    worked = work(store, look_seconds=3)
    assert (worked.outcome, worked.again_in_seconds) == ("folded", 0)
    assert 0 < worked.event_count < 1_000


def test_a_quiet_organisation_gives_its_ticket_back() -> None:
    """Nothing came since the last look: the message ends, and the next tick of the schedule finds what is new."""
    store = ScriptedStore()
    assert work(store) == SliceResult("folded", None)
    assert store.released == [MESSAGE]


def test_an_old_message_ends_whatever_waits() -> None:
    """SQS counts its receives; the dispatcher makes a fresh one."""
    store = ScriptedStore({"progress": 5, "analytics": 0})
    assert work(store, age_seconds=rollups.MESSAGE_SECONDS_MAX) == SliceResult("folded", None, 5)
    assert store.released == [MESSAGE]


def test_stale_days_are_rebuilt_one_after_the_other() -> None:
    """Beside what is folded."""
    store = ScriptedStore(stale=deque([date(2026, 3, 9), date(2026, 3, 10)]))
    assert work(store) == SliceResult("folded", rollups.LINGER_SECONDS, 0, 2)


@pytest.mark.parametrize(
    ("outcome", "again", "is_released"),
    [("busy", rollups.BUSY_SECONDS, False), ("superseded", None, False), ("foreign", None, True)],
)
def test_what_cannot_be_folded(outcome: Outcome, again: int | None, is_released: bool) -> None:
    """Busy comes again, a superseded message is done with, foreign offsets wait for the dispatcher to rebase them."""
    store = ScriptedStore(outcome=outcome)
    assert work(store) == SliceResult(outcome, again)
    assert bool(store.released) == is_released


def test_a_database_that_is_away_brings_the_message_back() -> None:
    """Nothing is lost with it."""

    class Away(ScriptedStore):
        def fold_events(self, *_: Any) -> FoldResult:
            raise StoreUnavailable

    assert work(Away()) == SliceResult(None, rollups.RETRY_SECONDS, fault="StoreUnavailable")


def test_a_rebase_goes_on_as_long_as_there_is_time() -> None:
    """And does nothing where there is nothing to do."""
    store = ScriptedStore(settles=deque([20_000, 7, 0]))
    assert rollups.rebase(store, lambda: 60.0) == 20_007
    assert rollups.rebase(store, lambda: 60.0) == 0
    hurried = ScriptedStore(settles=deque([20_000, 7, 0]))
    assert rollups.rebase(hurried, iter([60.0, 5.0]).__next__) == 20_000


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> RecordingQueues:
    """The queues of both functions."""
    recording = RecordingQueues()
    monkeypatch.setenv("ROLLUP_QUEUE_URL", QUEUE)
    monkeypatch.setenv("ROLLUP_DEAD_LETTER_QUEUE_URL", f"{QUEUE}-dead")
    monkeypatch.setattr(environment, "queues", lambda: recording)
    return recording


def receive(monkeypatch: pytest.MonkeyPatch, store: ScriptedStore, body: str) -> list[str]:
    """Let the worker's function receive a message; return the ids of those that stay in the queue."""
    monkeypatch.setattr(wiring_rollups, "rollup", lambda: Rollup(store, ticking(0), 10, CHUNK))
    record = {
        "messageId": "m-1",
        "receiptHandle": "h-1",
        "body": body,
        "attributes": {"SentTimestamp": "99999999999999"},
    }
    answer = rollup_app.handler({"Records": [record]}, Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_the_worker_gives_its_message_back_while_events_come(
    monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues, logged: Callable[[], str]
) -> None:
    """Hidden for longer than a slice first, so that a killed worker's message is back soon; then as the flow says."""
    store = ScriptedStore({"progress": 3, "analytics": 0})
    assert receive(monkeypatch, store, MESSAGE.model_dump_json()) == ["m-1"]
    assert queues.given_back == [rollups.HOLD_SECONDS, rollups.LINGER_SECONDS]
    assert receive(monkeypatch, store, MESSAGE.model_dump_json()) == []
    assert store.released == [MESSAGE]
    assert '"rollup_events":[3.0]' in logged().replace(" ", "")


def test_a_message_that_nobody_can_read_is_buried(
    monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues, logged: Callable[[], str]
) -> None:
    """It leaves the queue for the dead letters, and the alarm on these tells."""
    with pytest.raises(PoisonedMessage):
        rollups.read_message("{}")
    assert receive(monkeypatch, ScriptedStore(), "{}") == []
    assert queues.sent == [(f"{QUEUE}-dead", "{}")]
    assert "poisoned_message" in logged()


def test_the_dispatcher_sends_a_message_a_ticket_and_measures_the_lag(
    monkeypatch: pytest.MonkeyPatch, queues: RecordingQueues, logged: Callable[[], str]
) -> None:
    """One message each organisation; the lag of the oldest event in milliseconds, 0 when none waits."""
    store = ScriptedStore(lag=1.5, settles=deque([3, 0]))
    runs = SimpleNamespace(start_job=lambda run_id, *_: (run_id, 0), end_job=lambda *_: 1.0)
    monkeypatch.setattr(job, "store", lambda: runs)
    monkeypatch.setattr(wiring_rollups, "rollup_store", lambda: store)
    context = SimpleNamespace(aws_request_id="1", get_remaining_time_in_millis=lambda: 60_000)
    answer = dispatch_app.handler({"idempotency_key": "k"}, context)
    assert answer == answer | {"status": "succeeded", "dispatched": 1, "settled": 3, "lag_ms": 1500}
    assert queues.sent == [(QUEUE, MESSAGE.model_dump_json())]
    assert '"rollup_lag_ms":[1500.0]' in logged().replace(" ", "")
