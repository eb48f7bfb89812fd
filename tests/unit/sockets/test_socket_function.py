"""The socket function: what is said on a socket, its answers, and whom it remembers."""

import base64
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall import errors
from rollcall.cloud.socket_table import Connections
from rollcall.contracts.health.advice import Advice
from rollcall.contracts.health.health import HealthState
from rollcall.contracts.sockets.connection import BATCH_EVENTS_MAX, FRAME_BYTES_MAX
from rollcall.edge.http import identity
from rollcall.edge.runtime import clock, settings
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.edge.wiring.sockets import tables as wiring_sockets
from rollcall.flows.sockets.subscribe import Subscribe

from functions.progress import app as progress
from functions.socket import app
from tests.builders import NOW, ORG, caller, event_document
from tests.unit.fakes.api_gateway import Context, sample
from tests.unit.fakes.table import MemoryTable
from tests.unit.health.builders import health, healthy, organisation
from tests.unit.ingest.test_ingest_flow import RecordingStore, flow

OTHER = UUID("8a3e0f59-16b0-4cf0-9f0b-5b7a7a3b7f11")
CALM = Advice(flush_interval_ms=0, batch_size=100)
ADMINISTRATOR = caller(scopes=frozenset({"admin:read"}))


def _without_ids(value: object) -> str:
    return re.sub("[0-9a-f-]{36}", "", str(value))


class Measured:
    """Health as it was measured last."""

    published: HealthState | None = healthy(organisations={ORG: organisation(ORG), OTHER: organisation(OTHER)})
    is_away = False

    def read(self) -> HealthState | None:
        """Return it."""
        if self.is_away:
            raise errors.TableUnavailable
        return self.published


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def store() -> RecordingStore:
    return RecordingStore()


@pytest.fixture
def spooled() -> list[str]:
    return []


@pytest.fixture(autouse=True)
def measured(
    table: MemoryTable, store: RecordingStore, spooled: list[str], monkeypatch: pytest.MonkeyPatch
) -> Measured:
    measure = Measured()
    connections = Connections(table, lambda: NOW)  # type: ignore[arg-type]
    subscribe = Subscribe(connections, measure, CALM, timedelta(seconds=90), lambda: NOW)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(wiring_sockets, "connections", lambda: connections)
    monkeypatch.setattr(wiring_sockets, "subscribe", lambda: subscribe)
    monkeypatch.setattr(wiring_ingest, "ingest", lambda _role: flow(store, spooled))
    return measure


def happen(kind: str = "MESSAGE", body: Any = None, holder: Any = None, **members: Any) -> dict[str, Any]:
    event = sample("socket_message.json")
    event["requestContext"]["eventType"] = kind
    event["requestContext"]["authorizer"] = identity.context_of(holder or caller())
    event["body"] = body if body is None or isinstance(body, str) else json.dumps(body)
    return app.handler(event | members, Context())


def say(body: Any, holder: Any = None, **members: Any) -> dict[str, Any]:
    answer = happen("MESSAGE", body, holder, **members)
    assert answer["statusCode"] == 200
    message: dict[str, Any] = json.loads(answer["body"])
    return message


def kept(table: MemoryTable) -> dict[str, Any]:
    (item,) = table.of_kind("subscriber")
    return dict(item.document)


@pytest.mark.parametrize("seconds_later", [0, 61])
def test_a_connection_is_remembered_until_its_token_expires(
    table: MemoryTable, monkeypatch: pytest.MonkeyPatch, seconds_later: int
) -> None:
    """And then for so long that it is found and closed. When it closes, all of it is forgotten, expired or not."""
    now = int(NOW.timestamp())
    holder = caller(expires_at=now + 60)
    assert happen("CONNECT", holder=holder)["statusCode"] == 200
    (item,) = table.items.values()
    assert (item.kind, item.document["expires_at"], item.expires_at) == ("deadline", now + 60, now + 3660)
    assert say({"action": "subscribe"}, holder)["type"] == "health.snapshot"
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(seconds=seconds_later))
    assert happen("DISCONNECT", holder=holder)["statusCode"] == 200
    assert not table.items


def test_the_table_does_not_say_whose_a_connection_is(table: MemoryTable) -> None:
    """Pushes need the rights of a token, and no person's name."""
    happen("CONNECT")
    say({"action": "subscribe"}, ADMINISTRATOR)
    assert len(table.items) == 2
    assert caller().subject not in repr(table.items)


def test_a_connection_is_remembered_for_two_hours_at_most(table: MemoryTable) -> None:
    """API Gateway closes it then."""
    happen("CONNECT", holder=caller(expires_at=int(NOW.timestamp()) + 86_400))
    say({"action": "subscribe"}, caller(expires_at=int(NOW.timestamp()) + 86_400))
    (item,) = table.of_kind("subscriber")
    assert item.expires_at == NOW.timestamp() + 7200
    (item,) = table.of_kind("deadline")
    assert item.expires_at == NOW.timestamp() + 10_800


def test_who_cannot_be_remembered_is_not_let_in(table: MemoryTable) -> None:
    """503 without the table, 401 without a caller; a disconnect that cannot be noted harms no one."""
    table.is_away = True
    assert happen("CONNECT")["statusCode"] == 503
    assert happen("DISCONNECT")["statusCode"] == 503
    table.is_away = False
    assert happen("CONNECT", requestContext={"eventType": "CONNECT", "connectionId": "c"})["statusCode"] == 401
    assert not table.items


def test_a_learner_sees_the_status_and_nothing_else(table: MemoryTable) -> None:
    """With advice; no numbers, no organisation, whatever it asks for."""
    message = say({"action": "subscribe", "org_ids": [str(ORG)]})
    assert message["type"] == "health.snapshot"
    assert message["health"] == {"status": "ok"}
    assert (message["topics"], message["organisations"], message["sequence"]) == (["health"], {}, 7)
    assert message["advice"]["batch_size"] == BATCH_EVENTS_MAX
    assert kept(table)["org_ids"] == []
    assert say({"action": "subscribe", "topics": ["organisations"]})["code"] == "scope_missing"


def test_an_administrator_sees_numbers_and_their_own_organisations(table: MemoryTable) -> None:
    """Health whole, and of organisations those that the token holds: another's are never there."""
    message = say({"action": "subscribe"}, ADMINISTRATOR)
    assert message["health"] == health().model_dump(mode="json", exclude_none=True)
    assert list(message["organisations"]) == [str(ORG)]
    assert message["topics"] == ["health", "organisations"]
    assert (kept(table)["org_ids"], sorted(kept(table)["topics"])) == ([str(ORG)], ["health", "organisations"])


def test_a_subscription_can_be_narrowed(table: MemoryTable) -> None:
    """The latest one counts; without the topic health there is none."""
    say({"action": "subscribe"}, ADMINISTRATOR)
    message = say({"action": "subscribe", "topics": ["organisations"], "org_ids": []}, ADMINISTRATOR)
    assert (message.get("health"), message["organisations"]) == (None, {})
    assert (kept(table)["topics"], kept(table)["org_ids"]) == (["organisations"], [])


def test_another_organisation_cannot_be_subscribed_to(table: MemoryTable) -> None:
    """One that the token does not hold spoils the whole order, and nothing is remembered."""
    for holder in (caller(), ADMINISTRATOR):
        problem = say({"action": "subscribe", "org_ids": [str(ORG), str(OTHER)]}, holder)
        assert (problem["type"], problem["code"]) == ("problem", "org_forbidden")
    assert not table.items


def test_without_the_table_a_subscriber_comes_back_later(table: MemoryTable, measured: Measured) -> None:
    """A problem that says when; the socket stays."""
    table.is_away = True
    problem = say({"action": "subscribe"})
    assert (problem["code"], problem["retry_after_seconds"]) == ("table_unavailable", 5)
    table.is_away, measured.is_away = False, True
    assert say({"action": "subscribe"})["code"] == "table_unavailable"
    measured.is_away, measured.published = False, None
    problem = say({"action": "subscribe"})
    assert (problem["code"], problem["retry_after_seconds"]) == ("health_unknown", 5)


def test_a_ping_tells_the_sequence(measured: Measured) -> None:
    """So that a client notices a gap; null when the number is unknown, and an answer all the same."""
    pong = say({"action": "ping"})
    assert (pong["type"], pong["sequence"]) == ("pong", 7)
    measured.is_away = True
    pong = say({"action": "ping"})
    assert (pong["sequence"], pong["advice"]["batch_size"]) == (None, BATCH_EVENTS_MAX)
    measured.is_away, measured.published = False, None
    assert say({"action": "ping"})["sequence"] is None


def test_what_was_measured_long_ago_is_not_shown_as_it_is_now(measured: Measured) -> None:
    """Without a running monitor, the last state is no current one."""
    assert measured.published is not None
    old = measured.published.health.model_copy(update={"measured_at": NOW - timedelta(seconds=91)})
    measured.published = measured.published.model_copy(update={"health": old})
    problem = say({"action": "subscribe"}, ADMINISTRATOR)
    assert (problem["code"], problem["retry_after_seconds"]) == ("health_unknown", 5)
    assert say({"action": "ping"})["sequence"] is None


@pytest.mark.parametrize("action", ["subscribe", "ping", "progress.batch"])
def test_an_expired_token_is_told_so_whatever_it_asks(table: MemoryTable, store: RecordingStore, action: str) -> None:
    """Nothing is done for it. Its connection stays known, as expired, for that is how push finds and closes it."""
    late = caller(expires_at=int(NOW.timestamp()))
    problem = say({"action": action, "batch_id": "b", "events": [event_document()]}, late)
    assert (problem["type"], problem["code"]) == ("problem", "token_expired")
    assert not table.items
    assert not store.stored


def test_advised_batches_fit_a_frame() -> None:
    """API Gateway closes a socket that sends a longer message. 100 of the sample's events are too many."""
    (plain,) = json.loads(sample("progress_batch.json")["body"])["events"]
    sizes = [
        len(json.dumps(batch(*[plain] * count, batch_id="b" * 64), separators=(",", ":")).encode())
        for count in (BATCH_EVENTS_MAX, 2 * BATCH_EVENTS_MAX)
    ]
    assert sizes[0] < 0.6 * FRAME_BYTES_MAX < FRAME_BYTES_MAX < sizes[1]


def test_a_message_longer_than_a_frame_is_refused_by_its_id(store: RecordingStore) -> None:
    """Where the gateway let it through: its sender waits for the answer to this batch."""
    problem = say(batch(*[event_document() for _ in range(110)]))
    assert (problem["code"], problem["batch_id"]) == ("too_many_bytes", "b-1")
    assert str(FRAME_BYTES_MAX) in problem["detail"]
    assert not store.stored


def batch(*events: Any, **members: Any) -> dict[str, Any]:
    return {"action": "progress.batch", "batch_id": "b-1", "events": list(events), **members}


def test_a_batch_is_acknowledged_by_its_id(store: RecordingStore) -> None:
    """Counts, a receipt per event, the rate and advice."""
    first, second = event_document(), event_document(kind="nonsense")
    message = say(batch(first, second))
    assert (message["type"], message["batch_id"]) == ("progress.receipt", "b-1")
    assert message["results"] == [
        {"event_id": first["event_id"], "status": "accepted"},
        {
            "event_id": second["event_id"],
            "status": "rejected",
            "reason": "invalid",
            "pointer": "/events/1/kind",
            "detail": "Input should be 'started', 'progressed' or 'completed'. See docs/reference/api.md#reasons.",
        },
    ]
    assert (message["counts"]["accepted"], message["counts"]["rejected"]) == (1, 1)
    assert message["rate"] == {"limit": 10, "remaining": 9, "reset_ms": 200}
    assert message["advice"]["batch_size"] >= 1
    assert [str(event.event_id) for event in store.stored] == [first["event_id"]]


def test_a_batch_is_spooled_while_the_database_is_away(store: RecordingStore, spooled: list[str]) -> None:
    """Acknowledged as such; what cannot be claimed is a problem that says when to come back."""
    store.fault = errors.StoreUnavailable()
    message = say(batch(event_document()))
    assert (message["counts"]["spooled"], len(spooled)) == (1, 1)
    assert message["advice"]["flush_interval_ms"] > 0
    problem = say(batch(event_document(org_id=...)))
    assert (problem["code"], problem["batch_id"], problem["retry_after_seconds"]) == ("store_unavailable", "b-1", 5)


def test_a_batch_over_the_rate_is_told_when_to_come_back(store: RecordingStore) -> None:
    """Nothing was done with it."""
    store.limited = True
    problem = say(batch(event_document()))
    assert (problem["code"], problem["batch_id"], problem["retry_after_seconds"]) == ("rate_limited", "b-1", 1)


@pytest.mark.parametrize(
    "events",
    [
        [],
        [5, None, "x", [], {}],
        [{"event_id": "x" * 300}],
        [event_document(percent=float("inf")), event_document()],
        [event_document(percent=10**400), event_document()],
        [event_document(percent=10**25), event_document()],
        [event_document(course_id="\ud800"), event_document()],
        [event_document(course_id="c\u0000"), event_document()],
        [event_document(org_id=str(OTHER)), event_document(org_id=str(OTHER))],
        [event_document(user_id=str(uuid4()))],
        [event_document(__proto__={}), event_document(attributes={"attempt": 1})],
        [event_document(attributes={"attempt": 10**24}), event_document(attributes={"attempt": 1})],
        [event_document(attributes={"attempt": 10**24}), event_document(kind="nonsense")],
        [event_document()] * 2,
        [event_document()] * 101,
        "events",
        {"0": event_document()},
        None,
    ],
    ids=lambda events: _without_ids(events)[:30],
)
@pytest.mark.parametrize("outcome", ["accepted", "duplicate", "conflict"])
def test_a_batch_comes_to_what_it_comes_to_over_http(store: RecordingStore, events: Any, outcome: str) -> None:
    """The same counts, results, code and faults, for good batches and hostile ones."""
    store.outcome = outcome
    body = json.dumps({"events": events}).replace("Infinity", "1e999")
    http = sample("progress_batch.json")
    http["requestContext"]["authorizer"]["lambda"] = identity.context_of(caller())
    over_http = json.loads(progress.handler(http | {"body": body}, Context())["body"])
    over_socket = say('{"action": "progress.batch", "batch_id": "b-1", ' + body[1:])
    for member in ("counts", "results", "code", "detail", "errors"):
        assert over_socket.get(member) == over_http.get(member), member
    assert over_socket["batch_id"] == "b-1"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (None, "body_empty"),
        ("", "body_empty"),
        (" \n", "body_empty"),
        ("hello", "invalid_body"),
        ("{", "invalid_body"),
        ("[]", "invalid_body"),
        ("null", "invalid_body"),
        ("NaN", "number_invalid"),
        ('{"action": "ping", "x": -Infinity}', "number_invalid"),
        ('"ping"', "invalid_body"),
        ("[" * 30_000, "invalid_body"),
        ('{"action": "ping", "x": ' + "[" * 15_000 + "]" * 15_000 + "}", "invalid_request"),
        ('{"action": "ping", "x": ' + "[" * 4_000 + "]" * 4_000 + "}", "invalid_request"),
        ('{"action": "\ud800"}', "body_not_utf8"),
        ('{"action": "\\ud800"}', "action_unknown"),
        ("{}", "action_unknown"),
        ({"action": None}, "action_unknown"),
        ({"action": ["ping"]}, "action_unknown"),
        ({"action": {"ping": 1}}, "action_unknown"),
        ({"action": "PING"}, "action_unknown"),
        ({"action": "$connect"}, "action_unknown"),
        ({"action": "__init__"}, "action_unknown"),
        ({"action": "ping", "more": "\ud800"}, "invalid_request"),
        ({"action": "subscribe", "topics": "health"}, "invalid_request"),
        ({"action": "subscribe", "topics": ["rows"]}, "invalid_request"),
        ({"action": "subscribe", "topics": [["health"]]}, "invalid_request"),
        ({"action": "subscribe", "topics": [{}]}, "invalid_request"),
        ({"action": "subscribe", "org_ids": ["x"]}, "invalid_request"),
        ({"action": "subscribe", "org_ids": {"a": 1}}, "invalid_request"),
        ({"action": "subscribe", "org_ids": [str(uuid4()) for _ in range(101)]}, "invalid_request"),
        ({"action": "progress.batch"}, "invalid_body"),
        ({"action": "progress.batch", "events": []}, "invalid_request"),
        (batch(event_document(), batch_id=5), "invalid_request"),
        (batch(event_document(), batch_id=""), "invalid_request"),
        (batch(event_document(), batch_id="a b"), "invalid_request"),
        (batch(event_document(), batch_id="b\n"), "invalid_request"),
        (batch(event_document(), batch_id="x" * 65), "invalid_request"),
        (batch(event_document(), batch_id="größe"), "invalid_request"),
        (batch(event_document(), more=1), "invalid_request"),
        ({"action": "ping", "more": "x" * 131_072}, "too_many_bytes"),
        ("€" * 50_000, "too_many_bytes"),
    ],
    ids=lambda value: _without_ids(value).encode("ascii", "replace").decode()[:40],
)
def test_a_hostile_message_is_a_problem_and_nothing_else(
    table: MemoryTable, store: RecordingStore, message: Any, code: str
) -> None:
    """The function answers each, quotes nothing of it, and does nothing."""
    problem = say(message)
    assert (problem["type"], problem["code"]) == ("problem", code)
    assert problem["request_id"]
    assert problem.get("batch_id") in {None, "b-1"}
    assert not table.items
    assert not store.stored


def test_bytes_are_read_as_text(store: RecordingStore) -> None:
    """A binary frame comes as base64."""
    packed = base64.b64encode(json.dumps(batch(event_document())).encode()).decode()
    assert say(packed, isBase64Encoded=True)["type"] == "progress.receipt"
    assert say("no base64!", isBase64Encoded=True)["code"] == "invalid_body"


def test_a_batch_is_held_to_the_size_of_http(store: RecordingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a deployment allows less than a message may have."""
    monkeypatch.setenv("PROGRESS_BATCH_MAX_BYTES", "1024")
    settings.current.cache_clear()
    problem = say(batch(*(event_document() for _ in range(10))))
    assert (problem["code"], problem["batch_id"]) == ("too_many_bytes", "b-1")
    assert not store.stored


def test_a_fault_that_nobody_foresaw_is_a_problem_too(store: RecordingStore, logged: Callable[[], str]) -> None:
    """Its text, which could quote a message, is logged nowhere."""
    store.fault = ValueError("canary")
    assert say(batch(event_document()))["code"] == "internal_error"
    assert "canary" not in logged()


def test_neither_log_nor_metric_names_a_person_or_a_socket(logged: Callable[[], str]) -> None:
    """A batch is counted as over HTTP; no id of anybody is in any line."""
    event = event_document(course_id="course-canary")
    happen("CONNECT")
    say(batch(event, batch_id="batch-canary"))
    say({"action": "canary"})
    say({"action": "subscribe"}, ADMINISTRATOR)
    happen("DISCONNECT")
    lines = logged()
    assert '"message":"batch"' in lines
    assert '"accepted":[1.0]' in lines
    for secret in ("canary", event["event_id"], caller().subject, str(ORG), "192.0.2.1", "JKJdrcgTvHcCJ1w"):
        assert secret not in lines
