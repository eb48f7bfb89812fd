"""Sockets of the deployed stack: tickets at the door, subscriptions, and progress batches acknowledged at once."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api, Sender
from tests.e2e.socket_client import TICKETS, LiveSocket, open_socket, ticket_of
from tests.e2e.test_faults import outage
from tests.e2e.test_refusals import assert_problem
from tests.e2e.waiting import await_until
from workbench.stack.local import LocalStack
from workbench.stack.state import StackState

FORBIDDEN, UNAUTHORIZED = 403, 401


def assert_shut(ticket: dict[str, Any], status: int = FORBIDDEN, **options: Any) -> None:
    """Assert that this ticket opens no socket."""
    with pytest.raises(InvalidStatus) as refused, open_socket(ticket, **options):
        pass
    assert refused.value.response.status_code == status


def test_a_ticket_opens_one_socket(api: Api) -> None:
    """Once; of several who show it at the same moment, one is let in."""
    ticket = ticket_of(api.learner())
    assert ticket["expires_in_seconds"] == 30

    def is_let_in(_turn: int) -> bool:
        try:
            with open_socket(ticket):
                return True
        except InvalidStatus:
            return False

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(is_let_in, range(3))) == [False, False, True]
    assert_shut(ticket)


def test_nobody_comes_in_without_a_good_ticket(api: Api, state: StackState) -> None:
    """None at all, one that was made up, a token in its place."""
    sender = api.learner()
    url = state.ws_url or ""
    assert_shut({"url": url, "ticket": ""}, UNAUTHORIZED)
    assert_shut({"url": url, "ticket": "made-up-ticket-of-nobody"})
    assert_shut({"url": url, "ticket": sender.token})


def test_an_expired_token_gets_no_ticket(api: Api) -> None:
    """And neither does a forged one, or none."""
    token = api.signer.sign(str(uuid4()), [uuid4()], lifetime=timedelta(seconds=-90))
    assert_problem(_order_ticket(api, f"Bearer {token}"), UNAUTHORIZED, "token_expired")
    assert_problem(_order_ticket(api, f"Bearer {token[:-4]}AAAA"), UNAUTHORIZED, "token_invalid")
    assert api.http.post(TICKETS).status_code == UNAUTHORIZED


def _order_ticket(api: Api, authorization: str) -> Any:
    return api.http.post(TICKETS, headers={"Authorization": authorization})


def test_only_listed_pages_may_connect(api: Api, state: StackState) -> None:
    """A browser names the origin of its page. A ticket that was shown from elsewhere is spent."""
    sender = api.learner()
    with LiveSocket.of(sender, origin=state.aws_endpoint_url.upper()) as live:
        assert live.ping()["type"] == "pong"
    for origin in ("https://evil.example", "null"):
        ticket = ticket_of(sender)
        assert_shut(ticket, origin=origin)
        assert_shut(ticket)


def test_everyone_sees_what_they_may(api: Api, cloud: Cloud) -> None:
    """A learner the status; an administrator the numbers, and of organisations those of their token alone."""
    cloud.put("signal", "{}")  # without a measurement so far, the health monitor measures now
    learner, administrator, other = api.learner(), api.administrator(), str(uuid4())
    with LiveSocket.of(learner) as live:
        snapshot = _snapshot(live)
        assert set(snapshot["health"]) == {"status"}
        assert snapshot["organisations"] == {}
        assert live.subscribe(topics=["organisations"])["code"] == "scope_missing"
        assert live.subscribe(org_ids=[other])["code"] == "org_forbidden"
    with LiveSocket.of(administrator) as live:
        snapshot = _snapshot(live)
        assert snapshot["health"]["database"]["is_reachable"]
        assert set(snapshot["organisations"]) <= set(map(str, administrator.org_ids))
        assert live.subscribe(org_ids=[str(administrator.org_ids[0]), other])["code"] == "org_forbidden"
        pong = live.ping()
        assert pong["sequence"] >= snapshot["sequence"]
        assert pong["advice"]["batch_size"] >= 1


def _snapshot(live: LiveSocket) -> dict[str, Any]:
    """Subscribe, again until somebody has measured for the first time."""
    heard: list[dict[str, Any]] = []

    def is_known() -> bool:
        heard.append(live.subscribe())
        assert heard[-1].get("code", "health_unknown") == "health_unknown"
        return bool(heard[-1]["type"] == "health.snapshot")

    await_until(is_known, "health was measured", 90)
    return heard[-1]


def members_of(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what a batch came to, over whichever way."""
    return {name: answer.get(name) for name in ("counts", "results", "code", "errors")}


# A learner may send 5 batches per second in the long run (ProgressRatePerSecond); a pair of batches takes this long.
PAIR_SECONDS = 0.4


def test_a_batch_comes_to_the_same_over_both_ways(api: Api, database: Database) -> None:
    """Accepted, then duplicates either way, conflicts, rejections, refusals as a whole; each row stored once."""
    learner = api.learner()
    with LiveSocket.of(learner) as live:
        by_socket, by_http = learner.events(5), learner.events(5)
        receipt = live.send(by_socket, "first-1")
        assert (receipt["type"], receipt["batch_id"]) == ("progress.receipt", "first-1")
        assert receipt["counts"]["accepted"] == 5
        assert receipt["rate"]["remaining"] < receipt["rate"]["limit"]
        assert learner.send(by_http).json()["counts"]["accepted"] == 5
        odd = [learner.event(kind="nonsense"), learner.event(org_id=str(uuid4())), {"event_id": "no"}]
        changed = [{**by_socket[0], "percent": 99}, {**by_http[0], "percent": 98}]
        for batch in ([*by_socket, *by_http], changed, [*odd, by_http[1]], odd, odd[1:2], []):
            assert members_of(live.send(batch)) == members_of(learner.send(batch).json())
            time.sleep(PAIR_SECONDS)
    database.assert_balanced(learner.org_ids, [*by_socket, *by_http])


def test_a_batch_is_spooled_while_the_database_is_away(
    api: Api, stack: LocalStack, state: StackState, cloud: Cloud, database: Database
) -> None:
    """Acknowledged as spooled, and stored once it is back: on the same socket, and once, though it was sent again."""
    learner = api.learner()
    events = learner.events(6)
    with LiveSocket.of(learner) as live:
        with outage(stack, state, "fast"):
            receipt = live.send(events)
            assert (receipt["type"], receipt["counts"]["spooled"]) == ("progress.receipt", 6)
            orphan = live.send([learner.event(org_id=None)])
            assert (orphan["code"], orphan["batch_id"]) == ("store_unavailable", "batch-1")
            assert orphan["retry_after_seconds"] >= 1
        again = live.send(events)
        assert again["type"] == "progress.receipt"
        assert again["counts"]["rejected"] == 0
    await_until(lambda: cloud.spooled() == 0, "the spool is empty", 60)
    database.assert_balanced(learner.org_ids, events)


def hostile(learner: Sender) -> list[Any]:
    """Return what no client of ours would say."""
    event = learner.event()
    batch = {"action": "progress.batch", "batch_id": "b"}
    return [
        "canary: this is no JSON",
        '{"action": "pi',
        "[]",
        "null",
        '"progress.batch"',
        "[" * 400 + "]" * 400,
        b"\xff\xfe\x00",
        {},
        {"action": None},
        {"action": ["ping"]},
        {"action": "$disconnect"},
        {"action": "PROGRESS.BATCH", "events": [event]},
        {"action": "ping", "more": "canary-" + "x" * 140_000},
        {**batch, "events": "canary-events"},
        {**batch, "events": [event] * 101},
        {**batch, "events": [event], "batch_id": "canary of a batch"},
        {**batch, "events": [event], "batch_id": "\u0000\ud83d"},
        {**batch, "events": [event], "canary-member": 1},
        {**batch, "events": [{**event, "course_id": "canary-\ud800"}]},
        {"action": "subscribe", "topics": ["canary-topic"]},
        {"action": "subscribe", "org_ids": ["canary-organisation"]},
    ]


def test_no_message_kills_a_socket(api: Api, database: Database) -> None:
    """Each is answered by a problem that quotes nothing; the socket goes on, and stores what is sound."""
    learner = api.learner()
    with LiveSocket.of(learner) as live:
        for message in hostile(learner):
            answer = live.ask(message)
            assert answer["type"] == "problem", message
            assert "internal_error" not in answer["code"], message
            assert "canary" not in json.dumps(answer)
        odd = learner.event(course_id="größe-\U0001f600-\u202e")
        assert live.send([odd])["counts"]["accepted"] == 1
    database.assert_balanced(learner.org_ids, [odd])
