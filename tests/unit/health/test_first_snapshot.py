"""A client that subscribes before the first measurement receives it whole, without asking again."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from rollcall.cloud.socket_table import Connections
from rollcall.contracts.caller import Caller
from rollcall.contracts.health.advice import Advice
from rollcall.contracts.sockets.connection import Push
from rollcall.contracts.sockets.messages import SubscribeOrder
from rollcall.domain.health.status import STALE_MIN
from rollcall.errors import HealthUnknown
from rollcall.flows.health.publish import PublishHealth
from rollcall.flows.sockets.push import PushPage
from rollcall.flows.sockets.subscribe import Subscribe

from tests.builders import NOW, ORG, caller
from tests.unit.fakes.table import MemoryTable
from tests.unit.health.fakes import HealthRoom
from workbench.commands.health_view import HealthView

LATE = int((NOW + timedelta(days=1)).timestamp())
ADMINISTRATOR = caller(scopes=frozenset({"admin:read"}), expires_at=LATE)
LEARNER = caller(expires_at=LATE)


class Stack:
    """Watch, subscribe and push on tables of their own, and the messages that one socket hears."""

    def __init__(self) -> None:
        self.room = HealthRoom()
        self.connections = Connections(cast("Any", MemoryTable()), self.room.now)
        self.heard: list[dict[str, Any]] = []

    def subscribe(self, holder: Caller, topics: Any = None) -> dict[str, Any]:
        """Subscribe, and return what that was answered; raises HealthUnknown."""
        calm = Advice(flush_interval_ms=0, batch_size=100)
        flow = Subscribe(self.connections, self.room.health_table, calm, STALE_MIN, self.room.now)
        answer: dict[str, Any] = json.loads(
            flow.subscribe("c1", holder, SubscribeOrder(action="subscribe", topics=topics)).text()
        )
        return answer

    def look(self) -> None:
        """Look once, and push what comes of it."""
        self.room.connections = list(self.connections.all())
        watch = replace(self.room.watch(), publisher=PublishHealth(self._send, self.room.now))
        assert watch.look() is not None

    def _send(self, text: str) -> None:
        page = PushPage(self.connections, self, lambda _text: None, map)
        page.push(Push.model_validate_json(text))

    def post(self, _connection_id: str, text: str) -> None:
        """Hear."""
        self.heard.append(json.loads(text))

    def close(self, _connection_id: str) -> None:
        """Be closed."""
        raise AssertionError("no token has expired")


@pytest.mark.parametrize("holder", [ADMINISTRATOR, LEARNER], ids=["administrator", "learner"])
@pytest.mark.parametrize("topics", [None, {"health"}, set()], ids=["all", "health", "none"])
@pytest.mark.parametrize("silent_seconds", [None, 91], ids=["new stack", "after a silence"])
def test_the_first_look_is_pushed_whole(holder: Caller, topics: Any, silent_seconds: int | None) -> None:
    """It is what `subscribe` would be answered then; what follows applies to it without a gap."""
    stack = Stack()
    if silent_seconds is not None:
        stack.look()
        stack.room.seconds += silent_seconds
    with pytest.raises(HealthUnknown):
        stack.subscribe(holder, topics)

    stack.look()

    if topics == set():
        assert stack.heard == []
        return
    (snapshot,) = stack.heard
    answer = stack.subscribe(holder, topics)
    assert snapshot == answer | {"sent_at": snapshot["sent_at"]}
    assert snapshot["type"] == "health.snapshot"
    view = HealthView()
    view.take(snapshot)
    stack.room.seconds += 10
    stack.room.is_reachable = False
    stack.look()
    assert [view.take(message) for message in stack.heard[1:]] == ["changed"]
    assert view.health["status"] == "down"


def test_an_organisation_of_the_subscriber_is_in_the_first_snapshot() -> None:
    """It was asked for before anything was measured."""
    stack = Stack()
    with pytest.raises(HealthUnknown):
        stack.subscribe(ADMINISTRATOR)
    stack.look()
    assert set(stack.heard[0]["organisations"]) == {str(ORG)}


def test_those_who_know_are_sent_no_snapshot_again() -> None:
    """A look in time is a delta or a heartbeat."""
    stack = Stack()
    stack.look()
    stack.subscribe(ADMINISTRATOR)
    for _ in range(3):
        stack.room.seconds += 30
        stack.look()
    assert {message["type"] for message in stack.heard} <= {"health.delta", "heartbeat"}
    assert len(stack.heard) == 3
