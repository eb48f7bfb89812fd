"""The push function: what it tells of a page, and that no message comes back."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from rollcall.contracts.health.advice import Advice
from rollcall.contracts.sockets.connection import Push
from rollcall.edge.runtime import clock
from rollcall.edge.wiring.sockets import push as wiring_push
from rollcall.errors import PoisonedMessage
from rollcall.flows.sockets.push import PushResult

from functions.push import app
from tests.unit.fakes.api_gateway import Context


def handle(body: str) -> dict[str, Any]:
    return app.handler({"Records": [{"messageId": "m-1", "body": body}]}, Context())


@pytest.mark.parametrize("is_handed_on", [True, False])
def test_a_page_is_counted_and_never_sent_again(
    monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str], *, is_handed_on: bool
) -> None:
    """A client that missed it asks again after the next message; the log has an error for unreached pages."""
    pushed = PushResult(Counter({"sent": 3, "failed": 1, "gone": 2}), is_handed_on)
    monkeypatch.setattr(wiring_push, "push_page", lambda: SimpleNamespace(push=lambda _push: pushed))
    beat = Push(
        type="heartbeat",
        sequence=4,
        previous=4,
        sent_at=clock.now(),
        advice=Advice(flush_interval_ms=0, batch_size=1),
    )
    assert handle(beat.model_dump_json()) == {"batchItemFailures": []}
    lines = logged()
    assert '"sockets_sent":[3.0]' in lines
    assert '"sockets_failed":[1.0]' in lines
    assert ("not handed on" in lines) is not is_handed_on


def test_what_comes_late_is_not_sent(monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str]) -> None:
    """After a minute it would pass for news, and is none."""
    monkeypatch.setattr(wiring_push, "push_page", lambda: pytest.fail("It was sent."))
    late = Push(
        type="heartbeat",
        sequence=4,
        previous=4,
        sent_at=clock.now() - timedelta(seconds=61),
        advice=Advice(flush_interval_ms=0, batch_size=1),
    )
    assert handle(late.model_dump_json()) == {"batchItemFailures": []}
    assert '"pushes_late":[1.0]' in logged()


def test_a_message_that_nobody_can_read_is_not_quoted() -> None:
    """What is raised lands in the log of the runtime."""
    with pytest.raises(PoisonedMessage) as raised:
        handle(json.dumps({"type": "rumour", "secret": "open sesame"}))
    assert "sesame" not in str(raised.value)
    assert raised.value.__cause__ is None
