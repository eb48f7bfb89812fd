"""Redrive: how fast one worker records dead letters, and how fast it puts them back on their queue."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from unittest import mock
from uuid import UUID, uuid4

import boto3
from rollcall.cloud.objects import Objects
from rollcall.cloud.queues import Queues
from rollcall.contracts.dead_letters.letter import MessageAttributes
from rollcall.contracts.operations import OperationMessage, OperationRequest
from rollcall.domain.retention.lifetimes import Lifetimes
from rollcall.flows.dead_letters.record import DeadMessage, RecordDeadLetters
from rollcall.flows.dead_letters.redrive import Redrive
from rollcall.flows.operations.work import OperationWorker
from rollcall.store.connection import Database
from rollcall.store.dead_letters.failures import FailureStore
from rollcall.store.dead_letters.letters import DeadLetterStore
from rollcall.store.operations import OperationStore

from workbench.bench import population
from workbench.bench.analytics_events import queued_messages, scrubbing_of
from workbench.bench.bench import Bench
from workbench.bench.figures import Figure
from workbench.bench.plan import Plan
from workbench.bench.sections.analytics import emulated_queue
from workbench.bench.sections.replay import connect_operator
from workbench.errors import WorkbenchError
from workbench.stack.emulator import CREDENTIALS

SECTION = "redrive"
EVENTS = 25
BUCKET = "archive"
LIFETIMES = Lifetimes(timedelta(days=30), timedelta(days=90))


@dataclass(frozen=True)
class RedriveSetup:
    """The parts for recording and redriving dead letters."""

    objects: Objects
    queues: Queues
    queue_url: str
    app: Database
    operator: Database

    def record(self, messages: list[str]) -> None:
        """Record messages as dead letters."""
        flow = RecordDeadLetters(self.objects, FailureStore(self.app), scrubbing_of, lambda: datetime.now(UTC))
        attributes = MessageAttributes(error_code="poisoned_message")
        for body in messages:
            flow.record(DeadMessage("analytics", str(uuid4()), body, attributes, 3, datetime.now(UTC)))

    def redrive(self, org_id: UUID) -> int:
        """Redrive all dead letters of an organisation, and return their number."""
        store = OperationStore(self.operator)
        step = Redrive(
            DeadLetterStore(self.operator), self.objects, self._send, scrubbing_of, LIFETIMES, lambda: datetime.now(UTC)
        )
        engine = OperationWorker(store, {"redrive": step}, time.monotonic, time.sleep, slice_seconds=3600)
        request = OperationRequest(
            org_id=org_id,
            kind="redrive",
            source="analytics",
            parameters={"selection": {"all": True}},
            requested_by="bench",
            reason="bench",
        )
        asked, _ = store.request(request, uuid4())
        worked = engine.work(OperationMessage(org_id=org_id, operation_id=asked.operation_id))
        if worked.operation is None or worked.operation.state != "done":
            raise WorkbenchError(f"A redrive did not end: {worked.fault}.")
        return worked.operation.counts.get("redriven", 0)

    def _send(self, _queue: str, body: str, attributes: dict[str, str]) -> object:
        return self.queues.send(self.queue_url, body, attributes)


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return plan.rounds


def measure(bench: Bench) -> list[Figure]:
    """Record batches of every organisation as dead letters, then redrive all, on the emulator's queue and bucket."""
    count = max(40, bench.plan.copy_rows // 500)
    buried: list[float] = []
    redriven: list[float] = []
    with _setup(bench) as setup:
        for _ in range(bench.plan.rounds):
            messages = list(queued_messages(bench.plan.learners, count, EVENTS))
            started_at = time.monotonic()
            setup.record(messages)
            buried_at = time.monotonic()
            done = sum(setup.redrive(UUID(population.org_id(number))) for number in range(population.ORGANISATIONS))
            if done != count:
                raise WorkbenchError(f"{done} dead letters of {count} were redriven.")
            buried.append(count / (buried_at - started_at))
            redriven.append(count / (time.monotonic() - buried_at))
            bench.step(SECTION)
    return [
        Figure(SECTION, f"one worker, {EVENTS} events each: buried", "messages/s", buried),
        Figure(SECTION, f"one worker, {EVENTS} events each: redriven", "messages/s", redriven),
    ]


@contextmanager
def _setup(bench: Bench) -> Iterator[RedriveSetup]:
    with emulated_queue(bench) as (endpoint_url, queue_url), connect_operator(bench.database) as operator:
        variables = {**CREDENTIALS, "AWS_ENDPOINT_URL": endpoint_url}
        with mock.patch.dict(os.environ, variables):
            boto3.client("s3").create_bucket(Bucket=BUCKET)
            app = bench.database.open_app()
            try:
                yield RedriveSetup(Objects(BUCKET), Queues(), queue_url, app, operator)
            finally:
                app.close()
