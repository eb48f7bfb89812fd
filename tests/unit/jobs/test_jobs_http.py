"""The routes about jobs, the watchdog's function and `rollcall jobs`: scopes and answers."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import uuid4

import httpx
import pytest
from rollcall.contracts.jobs.alert import Alert, Severity
from rollcall.contracts.jobs.job import JobReport, JobRun, OpenDeadLetters, OverdueRun, QueueDepth, QueueMeasure
from rollcall.domain.jobs.alerts import raise_alert
from rollcall.domain.jobs.findings import Finding, Measures
from rollcall.domain.jobs.schedule import JOBS
from rollcall.edge.runtime import clock, settings
from rollcall.edge.triggers import job
from rollcall.edge.wiring import jobs as wiring_jobs
from rollcall.errors import QueueUnavailable
from rollcall.flows.jobs.overview import DescribeJobs
from rollcall.flows.jobs.publish_alert import PublishAlert
from rollcall.flows.jobs.watchdog import WatchdogResult
from typer.testing import CliRunner

from functions.watchdog import app as watchdog
from tests.builders import NOW
from tests.unit.edge.test_admin_function import ask
from workbench import cli
from workbench.api_client import ApiClient

OVERVIEW, RUNS, TEST = "GET /api/jobs/overview", "GET /api/jobs/{job}/runs", "POST /api/jobs/test-alert"
QUEUES = QueueMeasure(latency_p95_seconds=1.5, stored_count=3, oldest_waits_seconds=None)


def a_run(**changes: Any) -> JobRun:
    fields = {
        "run_id": uuid4(), "idempotency_key": "slot:1", "status": "succeeded", "started_at": NOW, "ended_at": NOW,
        "items": 3, "retries": 0, "error_code": None,
    }  # fmt: skip
    return JobRun.model_validate(fields | changes)


class Store:
    """Knows how jobs went."""

    last_runs: ClassVar[dict[str, JobRun | None]] = {
        "partition": a_run(),
        "digest": a_run(started_at=NOW - timedelta(days=1)),
        "watchdog": None,
    }

    wait_seconds: ClassVar[float] = 0

    def take_test_alert(self) -> float:
        """Tell how long to wait for another one."""
        return self.wait_seconds

    def describe_jobs(self, jobs: Sequence[str], _window: timedelta) -> list[JobReport]:
        """Describe them."""
        return [
            JobReport(
                job=name, watched_since=NOW, last_run=self.last_runs.get(name), run_count=5, succeeded_count=3,
                failed_count=1, items=9, retries=2, duration_p50_ms=12.0, duration_p95_ms=90_000.0,
            )
            for name in jobs
        ]  # fmt: skip

    def measure_queues(self, _window: timedelta) -> QueueMeasure:
        """Measure them."""
        return QUEUES

    def rollup_lag_seconds(self) -> float | None:
        """Tell it."""
        return 4.5

    def count_open_dead_letters(self) -> list[OpenDeadLetters]:
        """Count them."""
        return [OpenDeadLetters(queue="spool", open_count=7), OpenDeadLetters(queue="elsewhere", open_count=1)]

    def read_alerts(self) -> list[Alert]:
        """Return them."""
        return [raise_alert(Finding("ingest_lag", "page", "It waits."), NOW, None).alert]

    def list_job_runs(self, _job: str, limit: int) -> list[JobRun]:
        """List them."""
        return [a_run() for _ in range(min(limit, 2))]


def depth_of(queue: str) -> QueueDepth:
    if queue == "operations":
        raise QueueUnavailable
    return QueueDepth(waiting_count=4, in_flight_count=2, delayed_count=0)


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Severity, str, str]]:
    """What went out."""
    sent: list[tuple[Severity, str, str]] = []

    def publish(audience: Severity, subject: str, message: str) -> str:
        sent.append((audience, subject, message))
        return "m-1"

    flow = DescribeJobs(Store(), wiring_jobs.QUEUES, depth_of, JOBS, date(2026, 12, 1), lambda: NOW)
    monkeypatch.setattr(wiring_jobs, "describe_jobs", lambda: flow)
    monkeypatch.setattr(wiring_jobs, "store", Store)
    monkeypatch.setattr(wiring_jobs, "publish_alert", lambda: PublishAlert(publish, "prod"))
    return sent


def test_the_overview_tells_how_everything_stands() -> None:
    """Jobs with their schedule and status, queues, dead letters, alerts: numbers, and no organisation."""
    status, body = ask(OVERVIEW, scopes="admin:read", org_ids="")
    assert status == 200
    assert [row["job"] for row in body["jobs"]] == list(JOBS)
    jobs = {row["job"]: row for row in body["jobs"]}
    assert jobs["partition"]["schedule"] == "rate(1 hour)"
    assert jobs["partition"]["next_expected_at"] == "2026-03-10T13:00:00Z"
    assert (jobs["partition"]["failure_rate"], jobs["partition"]["duration_p95_ms"]) == (0.25, 90_000)
    assert [jobs[name]["status"] for name in ("partition", "digest", "watchdog")] == ["ok", "missed", "waiting"]
    assert body["failure_rate"] == 0.25
    depths = {row["queue"]: row["depth"] for row in body["backlog"]}
    assert depths["spool"] == {"waiting_count": 4, "in_flight_count": 2, "delayed_count": 0}
    assert depths["operations"] is None, "its depth is unknown, and the rest is shown"
    assert [alert["name"] for alert in body["alerts"]] == ["ingest_lag"]
    assert body["pages_from"] == "2026-12-01T00:00:00Z"
    assert "org_id" not in json.dumps(body)


@pytest.mark.parametrize(("status", "shown"), [("running", "running"), ("failed", "failed")])
def test_a_jobs_status_is_its_last_runs(monkeypatch: pytest.MonkeyPatch, status: str, shown: str) -> None:
    """As long as it runs when it should."""
    code = "run_overdue" if status == "failed" else None
    last = a_run(status=status, ended_at=None, error_code=code)
    monkeypatch.setattr(Store, "last_runs", {"partition": last})
    assert ask(OVERVIEW)[1]["jobs"][0]["status"] == shown


def test_runs_are_listed_by_job() -> None:
    """As many as are asked for."""
    assert len(ask(RUNS, path={"job": "digest"})[1]["runs"]) == 2
    status, body = ask(RUNS, path={"job": "digest"}, query={"limit": "1"}, scopes="admin:read")
    assert (status, body["job"], len(body["runs"])) == (200, "digest", 1)
    assert ask(RUNS, path={"job": "digest"}, query={"limit": "1000"})[0] == 400
    assert (ask(RUNS, path={"job": "nap"})[0], ask(RUNS, path={"job": "nap"})[1]["code"]) == (404, "job_unknown")


@pytest.mark.parametrize("severity", ["warn", "page"])
def test_a_test_alert_takes_the_way_of_a_real_one(severity: str, published: list[tuple[Severity, str, str]]) -> None:
    """And the answer is what went out."""
    status, body = ask(TEST, {"severity": severity})
    assert status == 200
    assert published == [(severity, body["subject"], body["message"])]
    assert body["subject"] == f"[{severity.upper()}] Rollcall prod: test_alert"
    assert body["message_id"] == "m-1"


def test_nobody_pages_everybody_at_will(
    monkeypatch: pytest.MonkeyPatch, published: list[tuple[Severity, str, str]]
) -> None:
    """Beyond the deployment's allowance nothing goes out, and the answer says when to come back."""
    monkeypatch.setattr(Store, "wait_seconds", 41.2)
    status, body = ask(TEST, {"severity": "page"})
    assert (status, body["code"]) == (429, "rate_limited")
    assert published == []


def test_before_its_date_a_test_page_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, published: list[tuple[Severity, str, str]]
) -> None:
    """As a real one would be."""
    monkeypatch.setenv("PAGE_FROM", "2026-12-01")
    monkeypatch.setattr(clock, "now", lambda: NOW)
    settings.current.cache_clear()
    assert ask(TEST, {"severity": "page"})[1]["sent_as"] == "warn"
    ((audience, _, message),) = published
    assert audience == "warn"
    assert "This would page." in message


@pytest.mark.parametrize(
    ("route", "scopes", "body", "status"),
    [
        (OVERVIEW, "", None, 403), (RUNS, "", None, 403), (TEST, "admin:read", {"severity": "warn"}, 403),
        (TEST, "admin:write", {"severity": "panic"}, 400), (TEST, "admin:write", {}, 400),
        (TEST, "admin:write", {"severity": "warn", "org_id": "x"}, 400),
    ],
)  # fmt: skip
def test_who_may_not_and_what_is_wrong_is_refused(
    route: str, scopes: str, body: Any, status: int, published: list[tuple[Severity, str, str]]
) -> None:
    """And nothing goes out."""
    assert ask(route, body, scopes=scopes, path={"job": "digest"})[0] == status
    assert published == []


class Context:
    """What Lambda hands to a handler."""

    aws_request_id = "w-1"


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A watchdog that finds what a test says."""
    runs = SimpleNamespace(start_job=lambda *run: (run[0], 0), end_job=lambda *_run: 7.0)
    monkeypatch.setattr(job, "store", lambda: runs)
    overdue = [OverdueRun(job="digest", run_id=uuid4(), started_at=NOW) for _ in range(2)]
    measures = Measures((), QUEUES, None, 4.5)
    seen = WatchdogResult(tuple(overdue), ("partition",), 1, measures, (Finding("ingest_lag", "page", "It waits."),))
    watch = SimpleNamespace(check=lambda: seen, publish=lambda _findings: [])
    monkeypatch.setattr(wiring_jobs, "watchdog", lambda: watch)
    return watch


def sent(printed: str) -> list[tuple[str, str, float]]:
    """Return the metrics that were sent: the job, the name, the value."""
    documents = [json.loads(line) for line in printed.splitlines() if "_aws" in line]
    return [
        (document["job"], metric["Name"], document[metric["Name"]][0])
        for document in documents
        for metric in document["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    ]


def test_the_watchdog_sends_what_it_found_by_job(watched: SimpleNamespace, logged: Callable[[], str]) -> None:
    """Totals, which alarms watch, what each job did, and its heartbeat."""
    answer = watchdog.handler({"idempotency_key": "k"}, Context())
    assert (answer["status"], answer["overdue"], answer["missed"], answer["findings"]) == ("succeeded", 2, 1, 1)
    metrics = sent(logged())
    assert {("partition", "missed", 1), ("digest", "overdue", 2)} <= set(metrics)
    totals = {name: value for which, name, value in metrics if which == "watchdog"}
    assert totals["jobs_missed"] == 1
    assert totals["runs_overdue"] == 2
    assert totals["batches_withdrawn"] == 1
    assert (totals["queue_latency_p95_seconds"], totals["rollup_lag_seconds"]) == (1.5, 4.5)
    assert "ingest_lag_seconds" not in totals, "there was none"
    assert (totals["heartbeat"], totals["success"], totals["duration_ms"], totals["retries_total"]) == (1, 1, 7, 0)


def test_a_watchdog_that_cannot_tell_has_no_heartbeat(watched: SimpleNamespace, logged: Callable[[], str]) -> None:
    """What it measured leaves all the same: CloudWatch's own alarms know it then."""

    def fail(_findings: object) -> None:
        raise QueueUnavailable

    watched.publish = fail
    with pytest.raises(QueueUnavailable):
        watchdog.handler({"idempotency_key": "k"}, Context())
    names = Counter(name for _, name, _ in sent(logged()))
    assert names["jobs_missed"] == 1
    assert names["heartbeat"] == 0


def run_command(monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    document = ask(OVERVIEW)[1]
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=document))
    client = ApiClient(httpx.Client(base_url="http://api", transport=transport))
    monkeypatch.setattr(ApiClient, "open", lambda *_given, **_named: client)
    done = CliRunner().invoke(cli.app, ["jobs", *options], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_shows_the_overview(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each job with its last run, each queue with its dead letters, and what is not as it should be."""
    lines = [line.split() for line in run_command(monkeypatch).splitlines()]
    assert ["digest", "rate(1", "hour)", "missed"] in [line[:4] for line in lines]
    assert ["spool", "4", "2", "0", "7"] in lines
    assert ["operations", "?", "?", "?", "0"] in lines
    assert ["elsewhere", "1"] in lines
    assert ["PAGE", "ingest_lag,", "since", "2026-03-10", "12:00:", "It", "waits."] in lines
    assert ["rollup", "lag", "4.5", "s"] in lines


def test_the_command_prints_json_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API's own answer."""
    assert set(json.loads(run_command(monkeypatch, "--json"))) >= {"jobs", "backlog", "alerts"}
