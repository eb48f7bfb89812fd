"""`rollcall health`: what a client of sockets knows after each message, and how it finds its way back."""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner
from websockets.exceptions import ConnectionClosedError

from tests.builders import ORG
from tests.unit.health.builders import health, organisation
from workbench import cli
from workbench.api_client import ApiClient
from workbench.commands import health_follower as followers
from workbench.commands.health_follower import Follower
from workbench.commands.health_view import HealthView, Message, differences
from workbench.errors import WorkbenchError

AT = "2026-03-10T12:00:00Z"
TICKET = {"ticket": "t", "expires_in_seconds": 30, "url": "ws://live.example"}


def snapshot(sequence: int = 7, **members: Any) -> dict[str, Any]:
    document = {**health(sequence=sequence).model_dump(mode="json", exclude_none=True), **members}
    return {
        "type": "health.snapshot", "sequence": sequence, "sent_at": AT, "topics": ["health"], "health": document,
        "organisations": {}, "advice": {},
    }  # fmt: skip


def delta(sequence: int, patch: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "type": "health.delta", "sequence": sequence, "previous": sequence - 1, "sent_at": AT, "patch": patch,
        **members,
    }  # fmt: skip


def beat(sequence: int) -> dict[str, Any]:
    return {"type": "heartbeat", "sequence": sequence, "sent_at": AT}


def test_changes_are_put_on_the_snapshot() -> None:
    """Members change, come and go; the sequence goes along."""
    view = HealthView()
    assert view.take(snapshot()) == "changed"
    found = organisation(ORG).model_dump(mode="json", exclude_none=True)
    assert view.take(delta(8, {"status": "down", "rollup_lag_seconds": None}, organisations={str(ORG): found}))
    assert (view.sequence, view.health["status"], view.organisations) == (8, "down", {str(ORG): found})
    assert "rollup_lag_seconds" not in view.health


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        (delta(7, {"status": "down"}), "same"),
        (delta(3, {"status": "down"}), "same"),
        (delta(9, {"status": "down"}), "gap"),
        (beat(7), "same"),
        (beat(6), "same"),
        (beat(8), "gap"),
        ({"type": "pong", "sequence": 9}, "same"),
        ({"type": "unknown"}, "same"),
    ],
)
def test_what_was_overtaken_is_left_out_and_a_gap_is_noticed(message: Message, verdict: str) -> None:
    """Neither changes what is known."""
    view = HealthView()
    view.take(snapshot())
    assert view.take(message) == verdict
    assert (view.sequence, view.health["status"]) == (7, "ok")


def test_nothing_is_known_before_the_first_snapshot() -> None:
    """What is pushed before it has nothing to apply to."""
    view = HealthView()
    assert (view.take(delta(1, {})), view.take(beat(1)), view.sequence) == ("gap", "gap", None)


def test_differences_name_where() -> None:
    """What changed, came and went."""
    before = {"a": {"b": 1, "c": 2}, "gone": "x", "same": [1]}
    after = {"a": {"b": 1, "c": 3}, "came": {"d": 4}, "same": [1]}
    assert list(differences(before, after)) == [("a.c", 2, 3), ("gone", "x", None), ("came", None, {"d": 4})]


class Wire:
    """Sockets that send a test's messages, one list for each connection, and keep the messages received."""

    def __init__(self, *connections: Sequence[Any]) -> None:
        self._connections = iter(connections)
        self._waiting: Iterator[Any] = iter(())
        self.said: list[dict[str, Any]] = []

    @contextmanager
    def connect(self, _url: str, **_options: Any) -> Iterator["Wire"]:
        """Open the next one."""
        self._waiting = iter(next(self._connections))
        yield self

    def send(self, text: str) -> None:
        """Remember what was said."""
        self.said.append(json.loads(text))

    def recv(self, _seconds: float) -> str:
        """Say the next thing; raise it, where it is a fault."""
        message = next(self._waiting, ConnectionClosedError(None, None))
        if isinstance(message, Exception):
            raise message
        return json.dumps(message)


@pytest.fixture
def client() -> ApiClient:
    answer = httpx.Response(201, json=TICKET)
    return ApiClient(httpx.Client(base_url="https://api.example", transport=httpx.MockTransport(lambda _: answer)))


def follow(wire: Wire, client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> tuple[Follower, list[float]]:
    monkeypatch.setattr(followers, "connect", wire.connect)
    slept: list[float] = []
    return Follower(client, [ORG], lambda _seconds, _why: None, slept.append), slept


def hear(follower: Follower, number: int) -> list[str]:
    messages = follower.messages()
    return [next(messages)["type"] for _ in range(number)]


def test_a_gap_is_mended_by_subscribing_again(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the same socket."""
    wire = Wire([snapshot(7), delta(9, {"status": "down"}), snapshot(9, status="down")])
    follower, _ = follow(wire, client, monkeypatch)
    assert hear(follower, 3) == ["health.snapshot", "health.delta", "health.snapshot"]
    assert wire.said == [{"action": "subscribe", "org_ids": [str(ORG)]}] * 2
    assert (follower.view.sequence, follower.view.health["status"]) == (9, "down")


def test_who_is_cut_off_comes_back_later_each_time(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a new ticket, after a random while that grows with each failure and begins anew after success."""
    monkeypatch.setattr(random, "uniform", lambda _low, high: high)
    wire = Wire([], [], [], [snapshot()], [], [snapshot()])
    follower, slept = follow(wire, client, monkeypatch)
    assert hear(follower, 2) == ["health.snapshot"] * 2
    assert slept == [2, 4, 8, 2, 4]


def test_silence_is_asked_into(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ping after a while; no answer to that either is a socket that is gone."""
    wire = Wire(
        [snapshot(), TimeoutError(), {"type": "pong", "sequence": 7}, TimeoutError(), TimeoutError()], [beat(1)]
    )
    follower, slept = follow(wire, client, monkeypatch)
    assert hear(follower, 3) == ["health.snapshot", "pong", "heartbeat"]
    assert [said["action"] for said in wire.said] == ["subscribe", "ping", "ping", "subscribe"]
    assert len(slept) == 1


def test_a_problem_is_waited_out_or_told(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that passes is waited for as it says; another ends the following."""
    passing = {"type": "problem", "code": "health_unknown", "detail": "Later.", "retry_after_seconds": 5}
    lasting = {"type": "problem", "code": "org_forbidden", "detail": "Not yours."}
    follower, slept = follow(Wire([passing, snapshot()], [lasting]), client, monkeypatch)
    assert hear(follower, 2) == ["problem", "health.snapshot"]
    assert slept == [5]
    follower, _ = follow(Wire([lasting]), client, monkeypatch)
    with pytest.raises(WorkbenchError, match=r"Not yours\. \(org_forbidden\)"):
        hear(follower, 1)


def run(client: ApiClient, monkeypatch: pytest.MonkeyPatch, *options: str) -> Any:
    monkeypatch.setattr(ApiClient, "open", lambda *_given, **_options: client)
    return CliRunner().invoke(cli.app, ["health", *options])


def answering(document: dict[str, Any]) -> ApiClient:
    answer = httpx.Response(200, json=document)
    return ApiClient(httpx.Client(base_url="https://api.example", transport=httpx.MockTransport(lambda _: answer)))


def test_health_is_shown_with_what_is_violated_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reasons, objectives, queues, and the organisations that were asked for; exit 1 only when it is down."""
    slo = {"value": 1.5, "threshold": 1, "unit": "ms", "is_violated": True}
    document = health(
        status="degraded",
        reasons=["spool_backlog"],
        slos={"a": {**slo, "is_violated": False}, "b": slo, "c": {**slo, "value": None, "is_violated": False}},
        queues={"spool": {"depth": None, "dead_letter_count": None}},
    ).model_dump(mode="json")
    document["organisations"] = {str(ORG): {"org_id": str(ORG), "received_count": 12}, "other": {"received_count": 99}}
    done = run(answering(document), monkeypatch, "--org", str(ORG))
    assert done.exit_code == 0
    assert "degraded spool_backlog" in done.stdout
    assert done.stdout.index("violated") < done.stdout.index("met") < done.stdout.index("not measured")
    assert "received_count 12" in done.stdout
    assert "99" not in done.stdout
    assert run(answering({"status": "down"}), monkeypatch).exit_code == 1
    assert json.loads(run(answering(document), monkeypatch, "--json").stdout) == document


def test_changes_are_printed_as_they_come(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changed and how; nothing for what did not, or changes with every look."""
    restless = delta(8, {"measured_at": "2026-03-10T12:00:10Z", "sequence": 8})
    change = delta(9, {"status": "down", "reasons": ["database_unreachable"], "database": {"is_reachable": False}})
    lasting = {"type": "problem", "code": "token_expired", "detail": "Get a new one."}
    wire = Wire([snapshot(), beat(7), restless, change, lasting])
    monkeypatch.setattr(followers, "connect", wire.connect)
    done = run(client, monkeypatch, "--follow")
    assert isinstance(done.exception, WorkbenchError)
    changes = [line for line in done.stdout.splitlines() if "→" in line]
    assert changes == [
        '12:00:00  down  status ok → down  reasons [] → ["database_unreachable"]  database.is_reachable true → false'
    ]


def test_messages_are_printed_as_they_came(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line of JSON each, for programs."""
    heard = [snapshot(), beat(7)]
    wire = Wire([*heard, {"type": "problem", "code": "x", "detail": "End."}])
    monkeypatch.setattr(followers, "connect", wire.connect)
    done = run(client, monkeypatch, "--follow", "--json")
    assert [json.loads(line) for line in done.stdout.splitlines()] == heard
