"""Alarms on our own metrics watch what functions really send."""

import json
import os
import subprocess
import sys

import pytest

from functions.bury.app import QUEUES
from tests.template.document import ROOT, Template

RUN_PARTITION = """
from types import SimpleNamespace
from functions.partition import app
store = SimpleNamespace(
    make_partitions=lambda *days: 0, settle_default_partitions=lambda: 0, default_partition_bytes=lambda: 8192
)
app.wiring.partition_store = lambda: store
runs = SimpleNamespace(start_job=lambda *run: (run[0], 0), end_job=lambda *run: None)
app.job.store = lambda: runs
app.handler({}, SimpleNamespace(aws_request_id="1"))
"""


RUN_RETAIN = """
from types import SimpleNamespace
from functions.retain import app
told = SimpleNamespace(stopped={}, days=1, rows=2, size_bytes=3, waiting=0, is_finished=True)
app.wiring_snapshots.retain = lambda: SimpleNamespace(run=lambda remaining: told)
app.wiring_snapshots.age_out = lambda: SimpleNamespace(run=lambda remaining: SimpleNamespace(rows=0, snapshots=0))
runs = SimpleNamespace(start_job=lambda *run: (run[0], 0), end_job=lambda *run: None)
app.job.store = lambda: runs
app.handler({}, SimpleNamespace(aws_request_id="1"))
"""

RUN_DRILL = """
from datetime import date
from types import SimpleNamespace
from functions.drill import app
told = SimpleNamespace(table="progress_events", day=date(2026, 3, 1), rows=3, duration_ms=5, failure_code=None)
app.wiring_snapshots.drill = lambda: SimpleNamespace(run=lambda *run: told)
runs = SimpleNamespace(start_job=lambda *run: (run[0], 0), end_job=lambda *run: None)
app.job.store = lambda: runs
app.handler({}, SimpleNamespace(aws_request_id="1"))
"""

RUN_BURY = """
from types import SimpleNamespace
from functions.bury import app
app.wiring_dead_letters.bury = lambda: SimpleNamespace(bury=lambda message: [])
record = {
    "messageId": "m", "body": "", "receiptHandle": "", "eventSource": "aws:sqs", "messageAttributes": {},
    "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:QUEUE-dead-letters",
    "attributes": {"ApproximateReceiveCount": "1", "ApproximateFirstReceiveTimestamp": "1773119784000"},
}
app.handler({"Records": [record]}, SimpleNamespace(aws_request_id="1"))
"""


def sent_by(service: str, program: str, **variables: str) -> tuple[str, str, dict[str, str]]:
    """Return namespace, name and dimensions of the metric that a function sends."""
    environment = {**os.environ, "SERVICE": service, "ENVIRONMENT": "prod", "AWS_REGION": "eu-west-1", **variables}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    sent = next(line for line in map(json.loads, done.stdout.splitlines()) if "_aws" in line)
    metric = sent["_aws"]["CloudWatchMetrics"][0]
    return metric["Namespace"], metric["Metrics"][0]["Name"], {name: sent[name] for name in metric["Dimensions"][0]}


def watched_by(alarm: str) -> tuple[str, str, dict[str, str]]:
    """Return namespace, name and dimensions of the metric that an alarm of the template watches."""
    watching = Template.read().alarms[alarm]
    parameters = {"Environment": "prod", "AWS::Region": "eu-west-1"}
    dimensions = {
        dimension["Name"]: parameters[dimension["Value"]["Ref"]]
        if isinstance(dimension["Value"], dict)
        else dimension["Value"]
        for dimension in watching["Dimensions"]
    }
    return watching["Namespace"], watching["MetricName"], dimensions


def test_the_alarm_on_the_default_partition_watches_its_metric() -> None:
    """The metric has the very namespace, name and dimensions of the alarm: with others it would never rise."""
    assert sent_by("partition", RUN_PARTITION) == watched_by("DefaultPartitionAlarm")


def test_the_alarms_on_retention_and_drills_watch_their_metrics() -> None:
    """A day that was kept, and a snapshot that does not come back: the metrics have the dimensions of the alarms."""
    assert sent_by("retain", RUN_RETAIN) == watched_by("RetentionStoppedAlarm")
    assert sent_by("drill", RUN_DRILL) == watched_by("RestoreDrillAlarm")


@pytest.mark.parametrize("queue", QUEUES)
def test_the_alarm_on_each_queues_dead_letters_watches_its_metric(queue: str) -> None:
    """Burial empties a dead-letter queue at once, so this metric alone says that there was something in it."""
    urls = {f"{name}_dead_letter_queue_url".upper(): f"https://sqs.example/{name}-dead-letters" for name in QUEUES}
    sent = sent_by("bury", RUN_BURY.replace("QUEUE", queue), **urls)
    assert sent == watched_by(f"{queue.capitalize()}BuriedAlarm")
