"""Pushing: who is sent what, and that no socket's trouble is another's."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.cloud.socket_table import ConnectionPage
from rollcall.contracts.health.advice import Advice
from rollcall.contracts.sockets.connection import BATCH_EVENTS_MAX, Bearer, Connection, Deadline, Push, Topic
from rollcall.errors import ConnectionGone, QueueUnavailable, SocketsUnavailable, TableUnavailable
from rollcall.flows.sockets.push import PushPage

from tests.unit.health.builders import health

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ADVICE = Advice(flush_interval_ms=5000, batch_size=25)
ORG_A, ORG_B = uuid4(), uuid4()
BOTH: frozenset[Topic] = frozenset({"health", "organisations"})
HEALTH: frozenset[Topic] = frozenset({"health"})
DELTA = Push(
    type="health.delta",
    sequence=8,
    previous=7,
    sent_at=NOW,
    advice=ADVICE,
    public={"status": "down"},
    deployment={"status": "down", "reasons": ["database_unreachable"]},
    organisations={ORG_A: {"lag_ms": 7}, ORG_B: {"lag_ms": 9}},
)
HEARTBEAT = Push(type="heartbeat", sequence=8, previous=8, sent_at=NOW, advice=ADVICE)


def connection(
    name: str,
    *org_ids: UUID,
    scopes: tuple[str, ...] = ("admin:read",),
    topics: frozenset[Topic] = BOTH,
    subscribed: tuple[UUID, ...] | None = None,
) -> Connection:
    bearer = Bearer(org_ids=frozenset(org_ids), scopes=frozenset(scopes), expires_at=9)
    chosen = frozenset(org_ids if subscribed is None else subscribed)
    return Connection(connection_id=name, bearer=bearer, topics=topics, org_ids=chosen)


@dataclass
class Fakes:
    """Connections, sockets that record, and a push queue."""

    live: tuple[Connection, ...]
    unreadable_ids: tuple[str, ...] = ()
    overdue_ids: tuple[str, ...] = ()
    next_id: str | None = None
    faults: dict[str, Exception] = field(default_factory=dict)
    posted: dict[str, str] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    handed_on: list[Push] = field(default_factory=list)
    asked: list[tuple[int, str | None]] = field(default_factory=list)
    table_is_away: bool = False

    def page(self, limit: int, after: str | None = None) -> ConnectionPage:
        """Return the connections."""
        self.asked.append((limit, after))
        return ConnectionPage(self.live, self.unreadable_ids, self.next_id)

    def overdue(self, limit: int) -> list[Deadline]:
        """Return those whose token has expired."""
        if self.table_is_away:
            raise TableUnavailable
        return [Deadline(connection_id=name, expires_at=9) for name in self.overdue_ids[:limit]]

    def remove(self, connection_id: str, expires_at: int | None) -> None:
        """Forget one."""
        assert expires_at == (None if connection_id in self.unreadable_ids else 9)
        if self.table_is_away:
            raise TableUnavailable
        self.removed.append(connection_id)

    def post(self, connection_id: str, text: str) -> None:
        """Send, or fail by the script."""
        self._fail(connection_id)
        self.posted[connection_id] = text

    def close(self, connection_id: str) -> None:
        """Close, or fail by the script."""
        self._fail(connection_id)
        self.closed.append(connection_id)

    def hand_on(self, text: str) -> None:
        """Queue the next page, before anything is sent."""
        assert not self.posted, "the next page waits for this one"
        self._fail("queue")
        self.handed_on.append(Push.model_validate_json(text))

    def _fail(self, name: str) -> None:
        if name in self.faults:
            raise self.faults[name]

    def push(self, push: Push) -> tuple[Counter[Any], bool]:
        """Push to this page."""
        pushed = PushPage(self, self, self.hand_on, map).push(push)
        return pushed.counts, pushed.is_handed_on

    def heard(self, name: str) -> dict[str, Any]:
        """Return what a socket was sent."""
        message: dict[str, Any] = json.loads(self.posted[name])
        return message


def test_everyone_is_sent_what_they_may_see_of_a_change() -> None:
    """Administrators the deployment's patch and those of their own organisations; anybody else the status alone."""
    fakes = Fakes(
        (
            connection("a", ORG_A),
            connection("b", ORG_B),
            connection("learner", ORG_A, scopes=()),
            connection("other", uuid4(), scopes=("admin:super",)),
            connection("idle", ORG_A, topics=frozenset()),
        )
    )
    counts, _ = fakes.push(DELTA)
    assert counts == {"sent": 4, "idle": 1}
    shared = {
        "type": "health.delta",
        "sequence": 8,
        "previous": 7,
        "sent_at": "2026-11-21T12:00:00Z",
        "advice": {"flush_interval_ms": 5000, "batch_size": 25},
    }
    assert fakes.heard("a") == shared | {"patch": DELTA.deployment, "organisations": {str(ORG_A): {"lag_ms": 7}}}
    assert fakes.heard("b") == shared | {"patch": DELTA.deployment, "organisations": {str(ORG_B): {"lag_ms": 9}}}
    assert fakes.heard("learner") == shared | {"patch": {"status": "down"}, "organisations": {}}
    assert fakes.heard("other") == shared | {"patch": DELTA.deployment, "organisations": {}}
    assert "idle" not in fakes.posted


@pytest.mark.parametrize(
    "forged",
    [
        connection("x", ORG_A, subscribed=(ORG_A, ORG_B)),
        connection("x", ORG_A, ORG_B, scopes=(), subscribed=(ORG_A, ORG_B)),
        connection("x", ORG_A, ORG_B, scopes=("admin:reader",)),
        connection("x", ORG_A, ORG_B, topics=HEALTH),
        connection("x", ORG_A, ORG_B, subscribed=(ORG_A,)),
    ],
)
def test_no_organisations_numbers_reach_a_socket_by_its_item_alone(forged: Connection) -> None:
    """Token, scope, topic and subscription are looked at once more for each message, whatever the table says."""
    fakes = Fakes((forged,))
    fakes.push(DELTA)
    assert str(ORG_B) not in fakes.posted["x"]


def test_without_the_topic_health_organisations_alone_are_told() -> None:
    """The sequence moves on all the same, so that there is no gap."""
    fakes = Fakes((connection("a", ORG_A, topics=frozenset({"organisations"})),))
    fakes.push(DELTA)
    heard = fakes.heard("a")
    assert (heard["patch"], heard["organisations"]) == ({}, {str(ORG_A): {"lag_ms": 7}})
    assert (heard["previous"], heard["sequence"]) == (7, 8)


def test_whose_view_is_as_it_was_hears_of_the_sequence() -> None:
    """A change of the deployment's numbers is an empty patch to a learner."""
    fakes = Fakes((connection("learner", scopes=()),))
    fakes.push(DELTA.model_copy(update={"public": None}))
    assert (fakes.heard("learner")["patch"], fakes.heard("learner")["sequence"]) == ({}, 8)


def test_a_heartbeat_is_the_same_for_all() -> None:
    """A sequence, a time and advice."""
    fakes = Fakes((connection("a", ORG_A), connection("learner", scopes=())))
    fakes.push(HEARTBEAT)
    assert fakes.posted["a"] == fakes.posted["learner"]
    assert set(fakes.heard("a")) == {"type", "sequence", "sent_at", "advice"}
    assert fakes.heard("a")["type"] == "heartbeat"


def test_more_organisations_than_a_message_holds_are_asked_for() -> None:
    """Who watches one hears of a sequence that they have not got, and asks again; the others hear of the change."""
    fakes = Fakes((connection("a", ORG_A), connection("learner", ORG_A, scopes=())))
    fakes.push(DELTA.model_copy(update={"organisations": None}))
    assert fakes.heard("a")["type"] == "heartbeat"
    assert fakes.heard("a")["sequence"] == 8
    assert fakes.heard("learner")["patch"] == {"status": "down"}


def test_what_many_may_see_is_written_once() -> None:
    """Two administrators of the same organisation are sent the very same text."""
    fakes = Fakes((connection("a", ORG_A), connection("b", ORG_A), connection("c", ORG_A, uuid4())))
    fakes.push(DELTA)
    assert fakes.posted["a"] is fakes.posted["b"]
    assert fakes.posted["a"] is fakes.posted["c"]


def test_a_page_hands_on_to_the_next_one_before_it_sends() -> None:
    """The same push, beginning after this page; the last page queues no other."""
    fakes = Fakes((connection("a", ORG_A),), next_id="a")
    _, is_handed_on = fakes.push(DELTA)
    assert is_handed_on
    assert fakes.handed_on == [DELTA.model_copy(update={"after": "a"})]
    last = Fakes((connection("b", ORG_A),))
    last.push(fakes.handed_on[0])
    assert last.asked == [(fakes.asked[0][0], "a")]
    assert last.handed_on == []


def test_a_page_that_cannot_hand_on_is_sent_all_the_same() -> None:
    """The result shows that the others received nothing."""
    fakes = Fakes((connection("a", ORG_A),), next_id="a", faults={"queue": QueueUnavailable()})
    counts, is_handed_on = fakes.push(DELTA)
    assert (counts, is_handed_on) == ({"sent": 1}, False)


def test_one_sockets_trouble_is_not_anothers() -> None:
    """Who is gone is forgotten; who cannot be reached now stays, and is counted; the others are sent to."""
    fakes = Fakes(
        tuple(connection(name, ORG_A) for name in ("gone", "failing", "well")),
        faults={"gone": ConnectionGone(), "failing": SocketsUnavailable()},
    )
    counts, _ = fakes.push(DELTA)
    assert counts == {"gone": 1, "failed": 1, "sent": 1}
    assert fakes.removed == ["gone"]
    assert set(fakes.posted) == {"well"}


def test_a_socket_whose_token_expired_is_closed_and_sent_nothing() -> None:
    """Closed already or not, it is forgotten; what could not be closed is tried again with the next push."""
    faults: dict[str, Exception] = {"gone": ConnectionGone(), "failing": SocketsUnavailable()}
    fakes = Fakes((), overdue_ids=("old", "gone", "failing"), faults=faults)
    counts, _ = fakes.push(HEARTBEAT)
    assert counts == {"expired": 2, "failed": 1}
    assert fakes.closed == ["old"]
    assert fakes.removed == ["old", "gone"]
    assert fakes.posted == {}


def test_expired_sockets_are_looked_for_once_a_push() -> None:
    """With the first page: a socket that only sends batches is no subscriber, and is closed all the same."""
    fakes = Fakes((connection("a", ORG_A),), overdue_ids=("old",))
    counts, _ = fakes.push(HEARTBEAT.model_copy(update={"after": "0"}))
    assert (counts, fakes.closed) == ({"sent": 1}, [])
    counts, _ = fakes.push(HEARTBEAT)
    assert (counts, fakes.closed) == ({"sent": 1, "expired": 1}, ["old"])


def test_nobody_waits_for_expired_sockets() -> None:
    """Where they cannot be read, everybody else hears what is new all the same."""
    fakes = Fakes((connection("a", ORG_A),), overdue_ids=("old",), table_is_away=True)
    counts, _ = fakes.push(HEARTBEAT)
    assert (counts, fakes.closed) == ({"sent": 1}, [])


def test_who_subscribed_with_another_version_of_ours_is_closed() -> None:
    """Its client opens a new socket."""
    fakes = Fakes((), unreadable_ids=("odd",))
    fakes.push(HEARTBEAT.model_copy(update={"after": "0"}))
    assert (fakes.closed, fakes.removed) == (["odd"], ["odd"])


def test_no_batch_is_advised_that_a_frame_does_not_hold() -> None:
    """What is advised over HTTP may be more."""
    fakes = Fakes((connection("a", ORG_A),))
    fakes.push(Push(**{**HEARTBEAT.model_dump(), "advice": {"flush_interval_ms": 9000, "batch_size": 100}}))
    assert fakes.heard("a")["advice"] == {"flush_interval_ms": 9000, "batch_size": BATCH_EVENTS_MAX}


def test_what_the_largest_token_may_see_fits_a_message() -> None:
    """A hundred organisations of many reasons, all changed at once, are below the 128 KB that API Gateway takes."""
    org_ids = [uuid4() for _ in range(100)]
    counts = {f"some_reason_of_a_rejection_{number}": 1_000_000 for number in range(16)}
    changed = {
        org_id: {
            "org_id": str(org_id), "lag_ms": 123456.75, "received_count": 1_000_000, "rejected_counts": counts,
            "rate_limited_count": 1_000_000, "dead_letter_count": 1_000_000,
        }
        for org_id in org_ids
    }  # fmt: skip
    fakes = Fakes((connection("a", *org_ids),))
    deployment = health().model_dump(mode="json", exclude_none=True)
    fakes.push(DELTA.model_copy(update={"organisations": changed, "deployment": deployment}))
    assert len(fakes.heard("a")["organisations"]) == 100
    assert len(fakes.posted["a"].encode()) < 131_072


def test_what_cannot_be_forgotten_now_stops_nobody() -> None:
    """The next push finds it gone once more."""
    fakes = Fakes((connection("gone"), connection("well")), faults={"gone": ConnectionGone()}, table_is_away=True)
    counts, _ = fakes.push(HEARTBEAT)
    assert counts == {"gone": 1, "sent": 1}
