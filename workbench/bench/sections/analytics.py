"""Analytics: load compared with COPY of the same rows, and the whole way from the handler through the queue."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3

from workbench.bench.analytics_events import api_event, write_copy_rows, write_messages
from workbench.bench.baselines.copying import ANALYTICS_COPY, CopyRows
from workbench.bench.bench import Bench
from workbench.bench.database import KEYRING_ARN
from workbench.bench.environment import LambdaContext, prepare_process
from workbench.bench.figures import Figure
from workbench.bench.loops import sleep_until
from workbench.bench.plan import Plan
from workbench.bench.reset import check_stored
from workbench.bench.worker_processes import Task, Turns, worker_processes_of
from workbench.checkout import here
from workbench.stack.emulator import CREDENTIALS, Emulator
from workbench.stack.ports import LOOPBACK, choose

SECTION = "analytics"
EVENTS = 100
MESSAGES_AT_ONCE = 10  # as in the template
ARN = "arn:aws:sqs:us-east-1:000000000000:analytics"
URL = "http://127.0.0.1/000000000000/analytics"
POSTERS, LOADERS = 2, 2
TABLES = tuple(
    f"rollcall.{name}" for name in ("analytics_events", "analytics_identities", "batch_audit", "queued_batches")
)
PORT = 54632


@dataclass(frozen=True)
class LoadMessages:
    """The load function with prepared messages, ten at a time, as from Lambda's poller. Returns its seconds."""

    variables: Mapping[str, str]
    path: Path

    def prepare(self, _turns: Turns) -> Callable[[float], float]:
        """Import the handler, and connect with a first message."""
        prepare_process(self.variables)
        from functions.load.app import handler  # after the environment is set

        first, *lines = self.path.read_text().splitlines()
        batches = [lines[start : start + MESSAGES_AT_ONCE] for start in range(0, len(lines), MESSAGES_AT_ONCE)]
        load = _loader(handler)
        load([first])

        def run(starts_at: float) -> float:
            sleep_until(starts_at)
            for batch in batches:
                load(batch)
            return time.monotonic() - starts_at

        return run


def _loader(handler: Callable[[dict[str, Any], Any], dict[str, Any]]) -> Callable[[list[str]], None]:
    context = LambdaContext()

    def load(bodies: list[str]) -> None:
        records = [_record(str(uuid4()), body) for body in bodies]
        if handler({"Records": records}, context)["batchItemFailures"]:
            raise RuntimeError("The load function gave messages back.")

    return load


def _record(message_id: str, body: str) -> dict[str, Any]:
    return {
        "messageId": message_id,
        "receiptHandle": message_id,
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": ARN,
    }


@dataclass(frozen=True)
class Post:
    """The analytics function, which scrubs batches and sends them to the emulator's queue."""

    variables: Mapping[str, str]
    batches: int
    seat: int
    learners: int

    def prepare(self, _turns: Turns) -> Callable[[float], float]:
        """Import the handler and make its batches."""
        prepare_process(self.variables)
        from functions.analytics.app import handler  # after the environment is set

        dice, context = random.Random(self.seat), LambdaContext()
        events = [
            api_event((self.seat * self.batches + batch) % self.learners, EVENTS, dice) for batch in range(self.batches)
        ]

        def run(starts_at: float) -> float:
            sleep_until(starts_at)
            for event in events:
                answer = handler(event, context)
                if answer["statusCode"] != 200:  # noqa: PLR2004 - HTTP's OK
                    raise RuntimeError(answer["body"][:300])
            return time.monotonic() - starts_at

        return run


@dataclass(frozen=True)
class PollAndLoad:
    """Lambda's poller: receives ten messages, loads them, deletes them, until the queue stays empty for a while."""

    variables: Mapping[str, str]
    queue_url: str

    def prepare(self, _turns: Turns) -> Callable[[float], float]:
        """Import the handler. The callee returns the seconds until the last message was deleted."""
        prepare_process(self.variables)
        from functions.load.app import handler  # after the environment is set

        sqs, load = boto3.client("sqs"), _loader(handler)

        def run(starts_at: float) -> float:
            sleep_until(starts_at)
            ended_at, idle = starts_at, 0
            while idle < 3:  # noqa: PLR2004 - three long polls in a row
                answer = sqs.receive_message(
                    QueueUrl=self.queue_url, MaxNumberOfMessages=MESSAGES_AT_ONCE, WaitTimeSeconds=1
                )
                messages = answer.get("Messages", [])
                idle = 0 if messages else idle + 1
                if messages:
                    load([message["Body"] for message in messages])
                    sqs.delete_message_batch(
                        QueueUrl=self.queue_url,
                        Entries=[
                            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                            for number, message in enumerate(messages)
                        ],
                    )
                    ended_at = time.monotonic()
            return ended_at - starts_at

        return run


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return 4 * plan.rounds


def measure(bench: Bench) -> list[Figure]:
    """Measure events in a second: load alone beside COPY, then the whole way."""
    rates: dict[str, list[float]] = {}
    with emulated_queue(bench) as (endpoint_url, queue_url):
        variables = _variables(bench, endpoint_url, queue_url)
        contenders: dict[str, Callable[[], float]] = {
            "loader": partial(_load, bench, variables),
            "COPY, 1 client": partial(_copy, bench, 1),
            "COPY, all clients": partial(_copy, bench, bench.plan.workers),
            "handler, queue and loader": partial(_whole_way, bench, variables, queue_url),
        }
        for _ in range(bench.plan.rounds):
            for name, run in contenders.items():
                bench.database.run(f"truncate {', '.join(TABLES)}", "checkpoint")
                rates.setdefault(name, []).append(run())
                bench.step(f"{SECTION}: {name}")
    figures = [Figure(SECTION, f"{EVENTS} a batch: {name}", "events/s", values) for name, values in rates.items()]
    for name in ("COPY, 1 client", "COPY, all clients"):
        ratios = [ours / theirs for ours, theirs in zip(rates["loader"], rates[name], strict=True)]
        figures.append(Figure(SECTION, f"{EVENTS} a batch: loader, ratio to {name}", "times", ratios))
    return figures


def _load(bench: Bench, variables: Mapping[str, str]) -> float:
    paths, rows = _message_files(bench)
    with worker_processes_of([LoadMessages(variables, path) for path in paths]) as ready:
        seconds: float = max(work.answer for work in ready.go())
    check_stored(bench.database, "rollcall.analytics_events", rows)
    return (rows - EVENTS * len(paths)) / seconds


def _copy(bench: Bench, clients: int) -> float:
    paths, _ = _message_files(bench)
    copies = [bench.scratch / f"analytics-{client}.copy" for client in range(len(paths))]
    rows = [write_copy_rows(copy, path) for copy, path in zip(copies, paths, strict=True)]
    with worker_processes_of(
        [CopyRows(bench.database.conninfo, path, ANALYTICS_COPY) for path in copies[:clients]]
    ) as ready:
        seconds: float = max(work.answer for work in ready.go())
    check_stored(bench.database, "rollcall.analytics_events", sum(rows[:clients]))
    return sum(rows[:clients]) / seconds


def _message_files(bench: Bench) -> tuple[list[Path], int]:
    batches = max(20, bench.plan.copy_rows // EVENTS // bench.plan.workers // 2)
    paths = [bench.scratch / f"messages-{worker}.jsonl" for worker in range(bench.plan.workers)]
    return paths, sum(write_messages(path, bench.plan.learners, batches, EVENTS) for path in paths)


def _whole_way(bench: Bench, variables: Mapping[str, str], queue_url: str) -> float:
    batches = max(20, bench.plan.copy_rows // EVENTS // 10)
    tasks: list[Task] = [
        *(Post(variables, batches, seat, bench.plan.learners) for seat in range(POSTERS)),
        *(PollAndLoad(variables, queue_url) for _ in range(LOADERS)),
    ]
    with worker_processes_of(tasks) as ready:
        seconds: float = max(work.answer for work in ready.go())
    events = POSTERS * batches * EVENTS
    check_stored(bench.database, "rollcall.analytics_events", events)
    return events / seconds


@contextmanager
def emulated_queue(bench: Bench) -> Iterator[tuple[str, str]]:
    """Start the emulator for its queues and buckets, and yield its URL and a queue's URL."""
    port = choose(None, PORT)
    emulator = Emulator(bench.scratch / "emulator", bench.home / "emulator.log", here().lambda_python)
    emulator.start(port)
    try:
        endpoint_url = f"http://{LOOPBACK}:{port}"
        sqs = boto3.client(
            "sqs",
            endpoint_url=endpoint_url,
            region_name=CREDENTIALS["AWS_REGION"],
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
        yield endpoint_url, sqs.create_queue(QueueName="analytics")["QueueUrl"]
    finally:
        emulator.stop()


def _variables(bench: Bench, endpoint_url: str, queue_url: str) -> dict[str, str]:
    return {
        **bench.database.function_environment,
        **CREDENTIALS,
        "SERVICE": "analytics",
        "AWS_ENDPOINT_URL_SQS": endpoint_url,
        "AWS_ENDPOINT_URL_SSM": endpoint_url,
        "POLICY_PARAMETER_PREFIX": "/rollcall/bench/policies",
        "ANALYTICS_QUEUE_URL": queue_url,
        "ANALYTICS_DEAD_LETTER_QUEUE_URL": queue_url,
        "SPOOL_QUEUE_URL": queue_url,
        "SPOOL_DEAD_LETTER_QUEUE_URL": queue_url,
        "ANALYTICS_RATE_PER_SECOND": "100000",
        "ANALYTICS_RATE_BURST": "100000",
        "PSEUDONYM_SECRET_ARN": KEYRING_ARN,
    }
