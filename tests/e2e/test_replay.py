"""Replays on the deployed stack: projections restored over HTTP, also after a killed worker; the scopes needed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api, Event
from tests.e2e.test_faults import outage
from tests.e2e.waiting import await_until
from workbench.api_client import ApiClient, ApiRefused
from workbench.stack.local import LocalStack
from workbench.stack.state import StackState

PATH = "/api/admin/offline/replay"
LEARNERS = 80
EVENTS_PER_LEARNER = 4

Replay = dict[str, Any]


@dataclass
class Administrator:
    """A service that may ask for replays of an organisation, and the events that the organisation sent."""

    org_id: UUID
    database: Database
    client: ApiClient
    token: str
    events: list[Event]

    @classmethod
    def of(cls, org_id: UUID, api: Api, state: StackState, database: Database) -> Self:
        """Return one for an organisation that has sent nothing yet."""
        token = api.signer.sign(str(uuid4()), [org_id], role="service", scopes=["admin:write"])
        return cls(org_id, database, ApiClient.open(state.http_url, token, []), token, [])

    def send_history(self, api: Api) -> None:
        """Send events of many learners."""
        for _ in range(LEARNERS):
            self.events += api.learner(self.org_id).events(EVENTS_PER_LEARNER)
        service = api.service(self.org_id)
        for first in range(0, len(self.events), 100):
            answer = service.send(self.events[first : first + 100]).json()
            assert answer["counts"]["accepted"] == len(answer["results"])

    def spoil(self) -> None:
        """Make both projections wrong, in every row."""
        with psycopg.connect(self.database.dsn, autocommit=True) as connection:
            for table in ("lesson_progress", "course_progress"):
                query = f"update rollcall.{table} set percent = 1, event_count = event_count + 1 where org_id = %s"
                connection.execute(query.encode(), (self.org_id,))
            connection.execute(
                "delete from rollcall.lesson_progress where org_id = %s and lesson_id like 'lesson-1%%'", (self.org_id,)
            )

    def forget(self) -> None:
        """Lose all that is stored of the organisation's events."""
        with psycopg.connect(self.database.dsn, autocommit=True) as connection:
            for table in ("progress_events", "progress_identities", "lesson_progress", "course_progress"):
                connection.execute(f"delete from rollcall.{table} where org_id = %s".encode(), (self.org_id,))

    def ask(self, **changes: Any) -> dict[str, Any]:
        """Ask for a replay of the last day."""
        now = datetime.now(UTC)
        window = {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(hours=1)).isoformat()}
        return self.client.post(PATH, {"org_id": str(self.org_id), **window, **changes})

    def read(self, replay: dict[str, Any]) -> dict[str, Any]:
        """Return how far a replay is."""
        return self.client.get(f"{PATH}/{replay['replay_id']}")

    def await_end(self, replay: dict[str, Any], seconds: float = 60) -> dict[str, Any]:
        """Wait until a replay is finished, and return it."""
        await_until(lambda: "finished_at" in self.read(replay), "the replay is finished", seconds)
        return self.read(replay)

    def await_under_way(self, replay: dict[str, Any]) -> None:
        """Wait until some of a replay is done."""
        await_until(lambda: 0 < self.read(replay)["progress"] < 1, "the replay is under way")

    def assert_restored(self) -> None:
        """Assert that events and projections are those that were sent."""
        self.database.assert_balanced([self.org_id], self.events)


@pytest.fixture(scope="module")
def administrator(api: Api, state: StackState, database: Database) -> Iterator[Administrator]:
    """One for all tests of this module: each spoils what it needs spoilt, and leaves all restored."""
    opened = Administrator.of(uuid4(), api, state, database)
    opened.send_history(api)
    yield opened
    opened.client.http.close()


@pytest.fixture(scope="module", autouse=True)
def orphan(api: Api, state: StackState, database: Database, cloud: Cloud) -> Iterator[tuple[Administrator, Replay]]:
    """A replay of another organisation, whose worker is killed -9 half-way: it goes on while the tests below run."""
    other = Administrator.of(uuid4(), api, state, database)
    other.send_history(api)
    other.spoil()
    replay = other.ask(rate=16)
    other.await_under_way(replay)
    workers = cloud.workers("OperationWorker")
    assert workers
    for worker in workers:
        worker.kill()
    yield other, replay
    other.client.http.close()


def test_replay_restores_and_a_second_one_changes_nothing(administrator: Administrator) -> None:
    """Spoilt projections are those of the events again; a dry run announces it; asked again there is nothing to do."""
    administrator.spoil()
    announced = administrator.await_end(administrator.ask(dry_run=True))
    with pytest.raises(AssertionError):
        administrator.assert_restored()
    done = administrator.await_end(administrator.ask(reason="test"))
    assert (done["state"], done["progress"], done["counts"]) == ("done", 1, announced["counts"])
    assert done["counts"]["learners"] == LEARNERS
    administrator.assert_restored()
    again = administrator.await_end(administrator.ask())
    assert again["counts"].keys() == {"learners", "total", "done", "unchanged"}


def test_replay_is_cancelled_and_one_is_active_at_a_time(administrator: Administrator) -> None:
    """While one is under way another is refused and names it; cancelled, it stops in the middle, and makes room."""
    administrator.spoil()
    replay = administrator.ask(rate=2)
    administrator.await_under_way(replay)
    with pytest.raises(ApiRefused, match=replay["replay_id"]) as refused:
        administrator.ask()
    assert (refused.value.status, refused.value.code) == (409, "operation_active")
    administrator.client.post(f"{PATH}/{replay['replay_id']}/cancel")
    ended = administrator.await_end(replay)
    assert ended["state"] == "cancelled"
    assert 0 < ended["progress"] < 1
    listed = administrator.client.get(PATH, org_id=str(administrator.org_id))["replays"]
    assert listed[0] == ended
    assert administrator.await_end(administrator.ask())["state"] == "done"
    administrator.assert_restored()


def test_spooled_batches_are_replayed_from_the_archive(
    administrator: Administrator, api: Api, stack: LocalStack, state: StackState, cloud: Cloud, database: Database
) -> None:
    """What came through the spool is in the archive: lost from the database, it is there again, once."""
    learner = api.learner()
    events = learner.events(10)
    with outage(stack, state, "fast"):
        assert learner.send(events).status_code == 202
    await_until(lambda: cloud.spooled() == 0, "the spool is empty", 60)
    database.assert_balanced(learner.org_ids, events)
    other = Administrator.of(learner.org_ids[0], api, state, database)
    other.forget()
    done = other.await_end(other.ask(source="spool"))
    assert (done["state"], done["counts"]["accepted"]) == ("done", 10)
    database.assert_balanced(learner.org_ids, events)
    assert other.await_end(other.ask(source="spool"))["counts"]["duplicate"] == 10
    database.assert_balanced(learner.org_ids, events)


def test_nobody_else_sees_or_cancels_a_replay(administrator: Administrator, api: Api, state: StackState) -> None:
    """Another organisation's token: 404. A learner's: 403. A scope too low: 403. None of them starts one."""
    replay = administrator.await_end(administrator.ask(dry_run=True))
    one = f"{PATH}/{replay['replay_id']}"
    body = {"org_id": str(administrator.org_id), "from": replay["from"], "to": replay["to"]}
    for org_id, role, scope, code, code_of_asking in (
        (uuid4(), "service", "admin:super", "operation_unknown", "org_forbidden"),
        (administrator.org_id, "learner", "admin:super", "role_forbidden", "role_forbidden"),
        (administrator.org_id, "service", "nothing", "scope_missing", "scope_missing"),
    ):
        token = api.signer.sign(str(uuid4()), [org_id], role=role, scopes=[scope])
        client = ApiClient.open(state.http_url, token, [])
        with pytest.raises(ApiRefused) as reading:
            client.get(one)
        with pytest.raises(ApiRefused) as cancelling:
            client.post(f"{one}/cancel")
        with pytest.raises(ApiRefused) as asking:
            client.post(PATH, body)
        assert [reading.value.code, cancelling.value.code, asking.value.code] == [code, code, code_of_asking]


def test_the_command_follows_a_replay_to_its_end(administrator: Administrator, state: StackState) -> None:
    """`rollcall replay --json` prints how it ended, and nothing else, on standard output."""
    administrator.spoil()
    command = [
        sys.executable, "-c", "from workbench.cli import main; main()", "replay",
        "--org", str(administrator.org_id), "--from", (datetime.now(UTC) - timedelta(days=1)).isoformat(),
        "--url", state.http_url, "--token", administrator.token, "--json",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "done"
    administrator.assert_restored()


def test_replay_survives_its_worker(orphan: tuple[Administrator, Replay]) -> None:
    """Though its worker was killed, the work went on, and each learner counts once."""
    other, replay = orphan
    done = other.await_end(replay, 180)
    assert (done["state"], done["counts"]["learners"], done["counts"]["done"]) == ("done", LEARNERS, LEARNERS)
    other.assert_restored()
