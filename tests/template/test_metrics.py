"""Alarms and widgets on our own metrics use the metrics that functions send."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from rollcall.contracts.ingest.receipt import Counts
from rollcall.domain.jobs.schedule import JOBS

from functions.dead_letters.app import QUEUES
from tests.checkout import ROOT
from tests.template.document import Template

RUN_PARTITION = """
from types import SimpleNamespace
from functions.partition import app
store = SimpleNamespace(
    make_partitions=lambda *days: 0, settle_default_partitions=lambda: 0, default_partition_bytes=lambda: 8192
)
app.wiring_retention.partition_store = lambda: store
runs = SimpleNamespace(start_job=lambda *run: (run[0], 0), end_job=lambda *run: None)
app.job.store = lambda: runs
app.handler({}, SimpleNamespace(aws_request_id="1"))
"""


RUN_RETENTION = """
from types import SimpleNamespace
from functions.retention import app
told = SimpleNamespace(stopped={}, days=1, rows=2, size_bytes=3, waiting=0, busy=0, is_finished=True)
app.wiring_retention.expire_days = lambda: SimpleNamespace(run=lambda remaining: told)
app.wiring_retention.age_out = lambda: SimpleNamespace(run=lambda remaining: SimpleNamespace(rows=0, snapshots=0))
runs = SimpleNamespace(start_job=lambda *run: (run[0], 0), end_job=lambda *run: None)
app.job.store = lambda: runs
app.handler({}, SimpleNamespace(aws_request_id="1"))
"""

RUN_RESTORE_DRILL = """
from datetime import date
from types import SimpleNamespace
from functions.restore_drill import app
told = SimpleNamespace(table="progress_events", day=date(2026, 3, 1), rows=3, duration_ms=5, failure_code=None)
app.wiring_retention.drill = lambda: SimpleNamespace(run=lambda *run: told)
runs = SimpleNamespace(start_job=lambda *run: (run[0], 0), end_job=lambda *run: None)
app.job.store = lambda: runs
app.handler({}, SimpleNamespace(aws_request_id="1"))
"""

RUN_DEAD_LETTERS = """
from types import SimpleNamespace
from functions.dead_letters import app
app.wiring_dead_letters.record_dead_letters = lambda: SimpleNamespace(record=lambda message: [])
record = {
    "messageId": "m", "body": "", "receiptHandle": "", "eventSource": "aws:sqs", "messageAttributes": {},
    "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:QUEUE-dead-letters",
    "attributes": {"ApproximateReceiveCount": "1", "ApproximateFirstReceiveTimestamp": "1773119784000"},
}
app.handler({"Records": [record]}, SimpleNamespace(aws_request_id="1"))
"""


RUN_WATCHDOG = """
from types import SimpleNamespace
from functions.watchdog import app
queues = SimpleNamespace(latency_p95_seconds=1.0)
measures = SimpleNamespace(queues=queues, ingest_lag_seconds=1.0, rollup_lag_seconds=1.0)
seen = SimpleNamespace(missed=(), overdue=(), findings=(), withdrawn=0, measures=measures)
app.wiring_jobs.watchdog = lambda: SimpleNamespace(check=lambda: seen, publish=lambda findings: [])
runs = SimpleNamespace(start_job=lambda *run: (run[0], 0), end_job=lambda *run: 1.0)
app.job.store = lambda: runs
app.handler({}, SimpleNamespace(aws_request_id="1"))
"""

RUN_HEALTH_MONITOR = """
from types import SimpleNamespace
from functions.health_monitor import app
app.wiring_health.health_monitor = lambda: SimpleNamespace(run=lambda remaining: 6)
app.handler({}, SimpleNamespace(aws_request_id="1"))
"""

# What every run of a job sends.
OF_JOBS = {"success", "duration_ms", "retries_total"}
# Operations of a kind send these under it; alarms watch what all kinds send together.
APART = {"operation_failed"}

Metric = tuple[str, str, dict[str, str]]


def all_sent_by(service: str, program: str, **variables: str) -> list[Metric]:
    """Return namespace, name and dimensions of each metric that a function sends."""
    environment = {**os.environ, "SERVICE": service, "ENVIRONMENT": "prod", "AWS_REGION": "eu-west-1", **variables}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    sent = next(line for line in map(json.loads, done.stdout.splitlines()) if "_aws" in line)
    group = sent["_aws"]["CloudWatchMetrics"][0]
    dimensions = {name: sent[name] for name in group["Dimensions"][0]}
    return [(group["Namespace"], metric["Name"], dimensions) for metric in group["Metrics"]]


def sent_by(service: str, program: str, **variables: str) -> Metric:
    """Return namespace, name and dimensions of the first metric that a function sends."""
    return all_sent_by(service, program, **variables)[0]


def watched_by(alarm: str) -> Metric:
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
    """The metric has the namespace, name and dimensions of the alarm: with others the alarm would never rise."""
    assert sent_by("partition", RUN_PARTITION) == watched_by("DefaultPartitionAlarm")


def test_the_alarms_on_retention_and_drills_watch_their_metrics() -> None:
    """The metrics of stopped retention and of a failed drill have the dimensions of their alarms."""
    assert sent_by("retention", RUN_RETENTION) == watched_by("RetentionStoppedAlarm")
    assert sent_by("restore_drill", RUN_RESTORE_DRILL) == watched_by("RestoreDrillAlarm")


def test_the_alarm_on_a_silent_health_monitor_watches_its_heartbeat() -> None:
    """The heartbeat is that of a scheduled run: signals would still come while the schedule is off."""
    assert sent_by("health_monitor", RUN_HEALTH_MONITOR) == watched_by("HealthMonitorSilenceAlarm")


@pytest.mark.parametrize("queue", QUEUES)
def test_the_alarm_on_each_queues_dead_letters_watches_its_metric(queue: str) -> None:
    """Burial empties a dead-letter queue at once, so this metric alone says that there was something in it."""
    urls = {f"{name}_dead_letter_queue_url".upper(): f"https://sqs.example/{name}-dead-letters" for name in QUEUES}
    sent = sent_by("dead_letters", RUN_DEAD_LETTERS.replace("QUEUE", queue), **urls)
    assert sent == watched_by(f"{queue.capitalize()}BuriedAlarm")


@pytest.mark.parametrize("alarm", ["WatchdogJobSilenceAlarm", "JobsMissedAlarm", "RunsOverdueAlarm", "RollupLagAlarm"])
def test_the_alarms_on_the_watchdog_watch_its_metrics(alarm: str, watchdogs: list[Metric]) -> None:
    """The namespace, name and dimensions are the same: otherwise the alarms would never rise, or never end."""
    assert watched_by(alarm) in watchdogs


@pytest.fixture(scope="module")
def watchdogs() -> list[Metric]:
    """Return the metrics of one run of the watchdog."""
    return all_sent_by("watchdog", RUN_WATCHDOG)


def shown() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield the place, the name and the dimensions of each of our metrics in alarms and widgets."""
    for name, alarm in Template.read().alarms.items():
        if alarm["Namespace"] == "Rollcall":
            yield name, *watched_by(name)[1:]
    for widget in Template.read().widgets:
        for namespace, metric, *rest in (entry for entry in widget["metrics"] if isinstance(entry[0], str)):
            names = [part for part in rest if isinstance(part, str)]
            if namespace == "Rollcall":
                yield widget["title"], metric, dict(zip(names[::2], names[1::2], strict=True))


def emitted() -> set[str]:
    """Return the names of metrics that the code sends; a part computed at run time becomes a regular expression."""
    names = set(Counts.model_fields)
    for path in [*(ROOT / "layers/rollcall").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                names |= _named(call, call.func.attr)
    return names


def _named(call: ast.Call, function: str) -> set[str]:
    if function == "measure" and isinstance(call.args[0], ast.Constant):
        return {str(call.args[0].value)}
    if function not in {"count", "count_apart", "measure_seconds"}:
        return set()
    spread = [node for keyword in call.keywords if keyword.arg is None for node in ast.walk(keyword.value)]
    made = {
        "".join(str(part.value) if isinstance(part, ast.Constant) else "[a-z_]+" for part in node.values)
        for node in spread
        if isinstance(node, ast.JoinedStr)
    }
    return made | {keyword.arg for keyword in call.keywords if keyword.arg}


def dimensions_of(metric: str, service: str) -> set[str]:
    """Return the dimensions beside service, environment and region under which a function sends a metric."""
    if metric in APART:
        return set()
    if service == "dead_letters":
        return {"queue"}
    return {"job"} if metric in OF_JOBS or service in JOBS else set()


def test_every_metric_that_is_shown_is_sent() -> None:
    """The named function sends it under the named dimensions: any other would show an empty line."""
    pattern = re.compile("|".join(emitted()))
    metrics = list(shown())
    assert len(metrics) > len(JOBS)
    for place, metric, dimensions in metrics:
        assert pattern.fullmatch(metric), f"{place}: nothing sends {metric}"
        service = dimensions["service"]
        assert (ROOT / "functions" / service).is_dir(), f"{place}: {service}"
        own = dimensions.keys() - {"environment", "region", "service"}
        assert own == dimensions_of(metric, service), f"{place}: {metric}"
        if "job" in own:
            assert dimensions["job"] == service, place


@pytest.mark.parametrize("metric", ["success", "duration_ms"])
def test_every_job_is_on_the_dashboard(metric: str, watchdogs: list[Metric]) -> None:
    """The widget searches by the dimensions that every job sends, so a new job appears by itself."""
    expressions = [
        entry[0]["expression"]
        for widget in Template.read().widgets
        for entry in widget["metrics"]
        if isinstance(entry[0], dict)
    ]
    ((namespace, *dimensions),) = [
        re.search(r"\{([\w,]+)\}", text)[1].split(",")  # type: ignore[index]
        for text in expressions
        if f'MetricName="{metric}"' in text
    ]
    (sent,) = [own for _, name, own in watchdogs if name == metric]
    assert (namespace, set(dimensions)) == ("Rollcall", set(sent))
