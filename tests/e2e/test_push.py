"""Pushing on the deployed stack: what is published reaches whom it is for, and sockets that are none any more go.

The stack's own watch pushes meanwhile: what is published here has sequences far above its own.
"""

import itertools
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from rollcall.cloud.signature import AwsCredentials
from rollcall.cloud.socket_table import Connections
from rollcall.cloud.table import Table
from rollcall.contracts.health.advice import Advice
from rollcall.contracts.sockets.connection import Bearer, Connection, Deadline, Push
from websockets.exceptions import ConnectionClosed

from tests.e2e.cloud import Cloud
from tests.e2e.people import Api
from tests.e2e.socket_client import LiveSocket
from tests.e2e.waiting import await_until
from workbench.stack.emulator import CREDENTIALS
from workbench.stack.state import StackState

SEQUENCES = itertools.count(1_000_000)


@pytest.fixture
def connections(cloud: Cloud, state: StackState) -> Connections:
    """What the stack remembers of its sockets."""
    credentials = AwsCredentials(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"], None)
    name = cloud.environment("PushFunction")["SOCKET_TABLE"]
    table = Table(name, state.aws_region, state.aws_endpoint_url, lambda: credentials)
    return Connections(table, lambda: datetime.now(UTC))


def change(**members: Any) -> Push:
    sequence = next(SEQUENCES)
    return Push.model_validate(
        {
            "type": "health.delta",
            "sequence": sequence,
            "previous": sequence - 1,
            "sent_at": datetime.now(UTC),
            "advice": Advice(flush_interval_ms=5000, batch_size=25),
            **members,
        }
    )


def is_of(push: Push) -> Any:
    return lambda message: message.get("sequence") == push.sequence


def test_a_change_reaches_whom_it_is_for(api: Api, cloud: Cloud) -> None:
    """Administrators hear the deployment's numbers and their own organisation's alone; learners the status."""
    org_a, org_b = uuid4(), uuid4()
    push = change(
        public={"status": "degraded"},
        deployment={"status": "degraded", "reasons": ["progress_lag"]},
        organisations={org_a: {"lag_ms": 7100.5}, org_b: {"lag_ms": 9300.5}},
    )
    with ExitStack() as opened:
        senders = (api.administrator(org_a), api.administrator(org_b), api.learner(org_a))
        sockets = [opened.enter_context(LiveSocket.of(sender)) for sender in senders]
        for socket in sockets:
            socket.subscribe()
        cloud.put("push", push.model_dump_json())
        of_a, of_b, of_learner = (socket.hear(is_of(push)) for socket in sockets)
    numbers = {"status": "degraded", "reasons": ["progress_lag"]}
    assert (of_a["patch"], of_a["organisations"]) == (numbers, {str(org_a): {"lag_ms": 7100.5}})
    assert (of_b["patch"], of_b["organisations"]) == (numbers, {str(org_b): {"lag_ms": 9300.5}})
    assert (of_learner["patch"], of_learner["organisations"]) == ({"status": "degraded"}, {})
    for heard in (of_a, of_b, of_learner):
        assert (heard["type"], heard["previous"]) == ("health.delta", push.sequence - 1)
        assert heard["advice"] == {"flush_interval_ms": 5000, "batch_size": 25}


def test_a_change_that_was_missed_is_noticed(api: Api, cloud: Cloud) -> None:
    """The next delta and the next heartbeat both name a sequence that the client has not got."""
    first, _missed, third = change(), change(), change()
    beat = change(type="heartbeat", previous=third.sequence)
    beat = beat.model_copy(update={"sequence": beat.sequence, "previous": beat.sequence})
    with LiveSocket.of(api.administrator()) as socket:
        socket.subscribe()
        cloud.put("push", first.model_dump_json())
        own = socket.hear(is_of(first))["sequence"]
        cloud.put("push", third.model_dump_json())
        assert socket.hear(is_of(third))["previous"] != own
        cloud.put("push", beat.model_dump_json())
        heard = socket.hear(is_of(beat))
        assert (heard["type"], heard["sequence"] != third.sequence) == ("heartbeat", True)


def test_who_left_without_a_word_is_forgotten(connections: Connections, cloud: Cloud) -> None:
    """API Gateway answers that one connection is gone; the push reaches the others all the same."""
    bearer = Bearer(scopes=frozenset(), org_ids=frozenset(), expires_at=int(time.time()) + 60)
    forged = Connection(connection_id=uuid4().hex[:16], bearer=bearer, topics=frozenset({"health"}))
    connections.keep(forged)
    cloud.put("push", change().model_dump_json())
    await_until(lambda: forged.connection_id not in _known(connections), "a connection that is gone is forgotten")


def test_a_token_that_expires_closes_its_socket(api: Api, connections: Connections, cloud: Cloud) -> None:
    """With the next push, subscribed or not; its bearer is sent nothing more."""
    sender = api.administrator()
    with LiveSocket.of(sender) as socket:
        socket.subscribe()
        (found,) = (connection for connection in connections.all() if set(sender.org_ids) & connection.org_ids)
        expired = Deadline(connection_id=found.connection_id, expires_at=int(time.time()) - 1)
        connections.open(expired)
        push = change(type="heartbeat")
        cloud.put("push", push.model_dump_json())
        with pytest.raises(ConnectionClosed):
            _hear_on(socket)
    await_until(lambda: found.connection_id not in _known(connections), "what is closed is forgotten")
    assert expired not in connections.overdue(1000)


def _hear_on(socket: LiveSocket) -> None:
    """Hear whatever is said, until the socket closes."""
    while True:
        socket.hear()


def _known(connections: Connections) -> set[str]:
    return {connection.connection_id for connection in connections.all()}
