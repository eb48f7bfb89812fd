"""Scheduled jobs on the deployed stack: fired, run once for each key, listed, watched, reported."""

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import psycopg
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from typer.testing import CliRunner, Result

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api, Sender
from tests.e2e.test_refusals import assert_problem
from tests.e2e.waiting import await_until
from workbench import cli
from workbench.commands import run_job
from workbench.stack.local import LocalStack
from workbench.stack.state import StackState

TURN = 1  # by then the schedules had time to fire

OVERVIEW, TEST = "/api/jobs/overview", "/api/jobs/test-alert"
LOCK = "lock table rollcall.progress_events_default in access exclusive mode"

Command = Callable[..., Result]


@pytest.fixture
def run(stack: LocalStack, state: StackState, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `rollcall` on the stack of these tests."""
    monkeypatch.setattr(run_job, "here", lambda: stack.checkout)

    def command(*arguments: str, sender: Sender | None = None) -> Result:
        whole = [*arguments, *(["--url", state.http_url, "--token", sender.token] if sender else [])]
        return CliRunner().invoke(cli.app, whole, env={"COLUMNS": "200"})

    return command


def status_of(database: Database, key: str) -> tuple[str, str | None, int] | None:
    """Return status, code and retries of the run of a key."""
    query = "select status::text, error_code, retries from rollcall.job_runs where idempotency_key = %s"
    return next(iter(database.rows(query, key)), None)


def test_schedules_fire_by_themselves(database: Database) -> None:
    """The watchdog runs every minute: its run has the key of a slot of its schedule, not of a request."""
    query = (
        "select from rollcall.job_runs"
        " where job = 'watchdog' and status = 'succeeded' and idempotency_key like 'slot:%%'"
    )
    await_until(lambda: database.rows(query) != [], "a run of the watchdog", 100)


def test_a_job_runs_now_and_once_for_each_key(run: Command, database: Database) -> None:
    """`rollcall job run` prints what it answers; the same key is answered that it ran."""
    key = str(uuid4())
    first = json.loads(run("job", "run", "partition", "--key", key).stdout)
    assert (first["job"], first["status"]) == ("partition", "succeeded")
    assert json.loads(run("job", "run", "partition", "--key", key).stdout)["status"] == "already_ran"
    assert status_of(database, key) == ("succeeded", None, 0)


def test_the_overview_is_the_same_over_http_and_as_a_command(api: Api, cloud: Cloud, run: Command) -> None:
    """With what each job did, and no organisation in it."""
    cloud.invoke("PartitionJob")
    administrator = api.administrator()
    overview = administrator.get(OVERVIEW).json()
    (partition,) = [job for job in overview["jobs"] if job["job"] == "partition"]
    assert partition["status"] == "ok"
    assert partition["duration_p95_ms"] >= partition["duration_p50_ms"] > 0
    assert all(row["depth"] is not None for row in overview["backlog"])
    shown = run("jobs", sender=administrator)
    assert ["partition", "rate(1", "hour)", "ok"] in [line.split()[:4] for line in shown.stdout.splitlines()]
    assert json.loads(run("jobs", "--json", sender=administrator).stdout).keys() == overview.keys()
    runs = administrator.get("/api/jobs/partition/runs", limit=1).json()["runs"]
    assert [row["status"] for row in runs] == ["succeeded"]


def test_who_is_no_administrator_is_refused(api: Api) -> None:
    """A learner reads nothing of it, and who may read may not wake anybody."""
    assert_problem(api.learner().get(OVERVIEW), 403, "scope_missing")
    assert_problem(api.administrator().post(TEST, json={"severity": "page"}), 403, "scope_missing")


@pytest.mark.parametrize("severity", ["warn", "page"])
def test_a_test_alert_arrives_at_those_whom_it_concerns(api: Api, cloud: Cloud, severity: str) -> None:
    """It takes the way of a real one, to the topic of its severity."""
    inbox = cloud.subscribe("WatchdogJob", f"{severity.upper()}_TOPIC_ARN")
    answer = api.administrator(scope="admin:write").post(TEST, json={"severity": severity})
    assert answer.status_code == 200, answer.text
    subjects = {message["Subject"]: message["Message"] for message in inbox()}
    assert subjects[f"[{severity.upper()}] Rollcall local: test_alert"] == answer.json()["message"]


def test_a_run_whose_function_was_killed_is_given_up_and_runs_again(cloud: Cloud, database: Database) -> None:
    """The watchdog finds it, tells of it, and its key is free."""
    key = str(uuid4())
    inbox = cloud.subscribe("WatchdogJob", "WARN_TOPIC_ARN")
    with psycopg.connect(database.dsn) as blocker:
        blocker.execute(LOCK)
        running = threading.Thread(target=invoke_quietly, args=(cloud, key))
        running.start()
        await_until(lambda: (status_of(database, key) or [""])[0] == "running", "the run to begin")
        for worker in cloud.workers("PartitionJob"):
            worker.kill()
        running.join()
    assert status_of(database, key) == ("running", None, 0), "the run was not ended"
    hurry = "update rollcall.job_runs set expected_seconds = 1 where idempotency_key = %s returning 1"
    assert database.rows(hurry, key) == [(1,)]

    await_until(lambda: is_given_up(cloud, database, key), "the run to be given up")
    await_until(lambda: any("job_failures:partition" in message["Subject"] for message in inbox()), "the alert")
    assert cloud.invoke("PartitionJob", idempotency_key=key)["status"] == "succeeded"
    assert status_of(database, key) == ("succeeded", None, 1)


def is_given_up(cloud: Cloud, database: Database, key: str) -> bool:
    """Run the watchdog, and tell whether it has given up the run of a key."""
    cloud.invoke("WatchdogJob")
    return status_of(database, key) == ("failed", "run_overdue", 0)


def invoke_quietly(cloud: Cloud, key: str) -> None:
    """Run the job; that it is killed meanwhile is no news."""
    with suppress(AssertionError, BotoCoreError, ClientError, ValueError):
        cloud.invoke("PartitionJob", idempotency_key=key)
