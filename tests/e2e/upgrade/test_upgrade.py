"""An upgrade in place: a stack of an older commit, with data, is updated to this checkout, and nothing is lost.

`make upgrade` runs it; `make upgrade FROM=<commit>` begins with another commit of this repository.
"""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from rollcall.store import migrations

from tests.checkout import ROOT
from tests.e2e.cloud import Cloud
from tests.e2e.conftest import free_port
from tests.e2e.database import Database
from tests.e2e.people import Api, Event, Sender, Sent, statuses
from tests.e2e.waiting import await_until
from workbench.checkout import Checkout
from workbench.commands.tokens import TokenSigner
from workbench.stack.deployment import STACK_NAME, Deployment
from workbench.stack.emulator import CREDENTIALS, REGION
from workbench.stack.local import LocalStack
from workbench.stack.postgres import Postgres
from workbench.stack.state import StackState, read_state

# The last commit in which functions had other names than their jobs.
FROM = os.environ.get("ROLLCALL_UPGRADE_FROM") or "611101c"
START = """
import sys
from pathlib import Path
from workbench.checkout import Checkout
from workbench.stack.local import LocalStack
root, home, http_port, database_port = sys.argv[1:]
LocalStack(Checkout(root=Path(root), home=Path(home))).up(print, int(http_port), int(database_port))
"""
# What holds data, or an address that others know.
KEPT = {
    "AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::SecretsManager::Secret",
    "AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage", "AWS::ApiGatewayV2::Route",
}  # fmt: skip
REPLACED = {"AWS::Lambda::Function", "AWS::Logs::LogGroup", "AWS::CloudWatch::Alarm"}

Ids = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Upgrade:
    """A stack before and after: its physical ids by logical id, and what learners had sent before."""

    state: StackState
    learner: Sender
    progress: list[Event]
    analytics: list[Event]
    before: Ids
    after: Ids


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def resources(state: StackState) -> Ids:
    """Return type and physical id of each resource of the stack."""
    client: Any = boto3.client(
        "cloudformation",
        endpoint_url=state.aws_endpoint_url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    pages = client.get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
    found = [resource for page in pages for resource in page["StackResourceSummaries"]]
    return {each["LogicalResourceId"]: (each["ResourceType"], each["PhysicalResourceId"]) for each in found}


def start_old(folder: Path, home: Path) -> None:
    """Build the older commit's own environment, and start its stack with it."""
    folder.mkdir()
    archive = subprocess.run(["git", "archive", FROM], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x"], cwd=folder, input=archive, check=True)
    # Neither this checkout's make variables nor its environment are the older commit's.
    environment = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "VIRTUAL_ENV"}}
    subprocess.run(["make", "setup"], cwd=folder, env=environment, check=True)
    ports = [str(free_port()), str(free_port())]
    command = [str(folder / ".venv/bin/python"), "-c", START, str(folder), str(home), *ports]
    subprocess.run(command, cwd=folder, env=environment, check=True)


def update(home: Path, state: StackState) -> None:
    """Bring schema and stack to this checkout, while it runs."""
    applied = migrations.migrate(state.dsn, migrations.Schema.read(ROOT / "sql"))
    say(f"applied: {applied}")
    deployment = Deployment(ROOT, state.aws_endpoint_url, home / "logs" / "upgrade.log")
    deployment.build()
    postgres = Postgres(home / "postgres", home / "logs" / "postgres.log")
    deployment.deploy(state.postgres_port, postgres.password, {})


@pytest.fixture(scope="module")
def upgrade() -> Iterator[Upgrade]:
    """Return a stack that was updated in place, with what it was sent before."""
    with tempfile.TemporaryDirectory(prefix="rollcall-upgrade-") as folder:
        home = Path(folder) / "home"
        checkout = Checkout(root=ROOT, home=home)
        try:
            start_old(Path(folder) / "checkout", home)
            state = read_state(checkout)
            with Api.at(state.http_url, TokenSigner(state), Sent()) as api:
                learner = api.learner()
                progress, analytics = learner.events(60), learner.happenings(20)
                assert set(statuses(learner.send(progress))) == {"accepted"}
                assert learner.tell(analytics).status_code in {200, 202}
                database = Database(state.dsn)
                await_until(lambda: len(database.analytics_ids(*learner.org_ids)) == len(analytics), "stored")
                before = resources(state)
                update(home, state)
                yield Upgrade(state, learner, progress, analytics, before, resources(state))
        finally:
            LocalStack(checkout).down(say)


def test_what_holds_data_is_the_same_resource(upgrade: Upgrade) -> None:
    """Queues, tables, buckets, topics, secrets and the API keep their physical ids; none is gone, and none replaced."""
    kept = {name: found for name, found in upgrade.before.items() if found[0] in KEPT}
    say(f"kept: {dict(Counter(kind for kind, _ in kept.values()))}")

    assert {name: upgrade.after.get(name) for name in kept} == kept


def test_only_functions_and_what_stands_beside_them_are_replaced(upgrade: Upgrade) -> None:
    """A logical id that is gone or new belongs to a function: its role, schedule, log group, alarm, permission."""
    changed = upgrade.before.keys() ^ upgrade.after.keys()
    say(f"gone: {sorted(upgrade.before.keys() - upgrade.after.keys())}")
    say(f"new: {sorted(upgrade.after.keys() - upgrade.before.keys())}")

    assert {(upgrade.before | upgrade.after)[name][0] for name in changed} <= REPLACED | {
        "AWS::IAM::Role", "AWS::Scheduler::Schedule", "AWS::Lambda::Permission", "AWS::ApiGatewayV2::Integration",
        "AWS::Lambda::EventSourceMapping", "AWS::Lambda::LayerVersion", "AWS::Lambda::EventInvokeConfig",
    }  # fmt: skip


def test_stored_events_are_there_once_and_known(upgrade: Upgrade) -> None:
    """Events of before are stored as they were; sent again they are duplicates, of both kinds."""
    database = Database(upgrade.state.dsn)

    assert set(statuses(upgrade.learner.send(upgrade.progress))) == {"duplicate"}
    upgrade.learner.tell(upgrade.analytics)
    assert database.event_ids(*upgrade.learner.org_ids) == sorted(event["event_id"] for event in upgrade.progress)
    assert len(database.analytics_ids(*upgrade.learner.org_ids)) == len(upgrade.analytics)


def test_events_still_flow(upgrade: Upgrade) -> None:
    """New events are stored, at once and through the queues; jobs run under their names, and rollups count all."""
    database, cloud, learner = Database(upgrade.state.dsn), Cloud(upgrade.state), upgrade.learner
    fresh, happenings = learner.events(10), learner.happenings(5)

    assert set(statuses(learner.send(fresh))) == {"accepted"}
    assert learner.tell(happenings).status_code in {200, 202}
    expected = len(upgrade.analytics) + len(happenings)
    await_until(lambda: len(database.analytics_ids(*learner.org_ids)) == expected, "analytics events are stored")
    for function in ("RollupJob", "PartitionJob", "DigestJob", "WatchdogJob", "ReportsJob"):
        assert cloud.invoke(function)["status"] == "succeeded", function
    counted = "select sum(event_count)::integer from rollcall.hourly_rollups where org_id = %s and source = 'progress'"
    total = len(upgrade.progress) + len(fresh)
    await_until(lambda: database.rows(counted, learner.org_ids[0]) == [(total,)], "rollups count all progress events")
