"""Publishing: what is pushed of a change, and when nothing is."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from rollcall.contracts.health.advice import Advice
from rollcall.contracts.health.health import (
    DatabaseHealth,
    Health,
    HealthState,
    HealthStatus,
    OfflineQueue,
    OrganisationHealth,
    PublicHealth,
    RegionHealth,
)
from rollcall.contracts.sockets.connection import BATCH_EVENTS_MAX, Push
from rollcall.domain.health.merge_patch import apply
from rollcall.flows.health.publish import PUSH_BYTES_MAX, PublishHealth

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORG_A, ORG_B = uuid4(), uuid4()


def health(sequence: int, status: HealthStatus = "ok", measured_at: datetime = NOW, **changes: Any) -> Health:
    base = Health(
        status=status,
        reasons=[] if status == "ok" else ["database_unreachable"],
        since=NOW,
        sequence=sequence,
        measured_at=measured_at,
        version="1.0.0",
        environment="test",
        region="us-east-1",
        regions={"us-east-1": RegionHealth(status=status, measured_at=measured_at)},
        slos={},
        database=DatabaseHealth(is_reachable=status == "ok", latency_p95_ms=4 if status == "ok" else None),
        progressBatchLagMs=0,
        analyticsIngestLagMs=0,
        offlineQueue=OfflineQueue(backlog=0, pendingAssignments=0),
        queues={},
        rollup_lag_seconds=None,
        retention=None,
        restore_drill=None,
        jobs={},
        orgEnforcement=None,
        flags={},
        advice=Advice(flush_interval_ms=1000, batch_size=100),
    )
    return base.model_copy(update=changes)


def organisation(org_id: UUID, lag_ms: float | None, **rejected: int) -> OrganisationHealth:
    return OrganisationHealth(
        org_id=org_id,
        lag_ms=lag_ms,
        received_count=1,
        rejected_counts=rejected,
        rate_limited_count=0,
        dead_letter_count=0,
    )


def published(health: Health, *organisations: OrganisationHealth) -> HealthState:
    return HealthState(
        version=health.sequence, health=health, organisations={found.org_id: found for found in organisations}
    )


class Queue:
    """The push queue."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.flow = PublishHealth(self.texts.append, lambda: NOW)

    @property
    def only(self) -> Push:
        """The only message that was sent."""
        (text,) = self.texts
        assert len(text.encode()) <= PUSH_BYTES_MAX
        return Push.model_validate_json(text)


def shown(model: Health | OrganisationHealth | PublicHealth) -> Any:
    return json.loads(model.model_dump_json(exclude_none=True))


def test_a_change_is_pushed_as_three_views_of_it() -> None:
    """Each patch turns what its readers had into what there is; what became null is removed."""
    queue = Queue()
    before = published(health(4), organisation(ORG_A, 5), organisation(ORG_B, 1))
    after = published(
        health(5, "down", NOW + timedelta(seconds=9)),
        organisation(ORG_A, None, org_forbidden=2),
        organisation(ORG_B, 1),
    )
    assert queue.flow.publish(before, after)
    push = queue.only
    assert (push.type, push.previous, push.sequence, push.sent_at) == ("health.delta", 4, 5, NOW)
    assert push.advice == after.health.advice.model_copy(update={"batch_size": BATCH_EVENTS_MAX})
    assert push.public == {"status": "down"}
    assert apply(shown(before.health), push.deployment) == shown(after.health)
    assert push.deployment is not None
    assert push.deployment["database"] == {"is_reachable": False, "latency_p95_ms": None}
    assert push.deployment["measured_at"] == "2026-11-21T12:00:09Z"
    assert push.organisations == {ORG_A: {"lag_ms": None, "rejected_counts": {"org_forbidden": 2}}}


def test_an_organisation_that_nobody_can_tell_of_is_removed() -> None:
    """While the database is away a client shows no old numbers; when it is back, it has the whole of the new ones."""
    queue = Queue()
    there, gone = published(health(4), organisation(ORG_A, 5)), published(health(5, "down"))
    queue.flow.publish(there, gone)
    assert queue.only.organisations == {ORG_A: None}
    queue.texts.clear()
    queue.flow.publish(gone, published(health(6), organisation(ORG_A, 7)))
    assert queue.only.organisations == {ORG_A: shown(organisation(ORG_A, 7))}


def test_the_time_of_measuring_alone_is_no_change() -> None:
    """Nothing is sent while the sequence stays."""
    queue = Queue()
    later = published(health(4, measured_at=NOW + timedelta(seconds=9)))
    assert not queue.flow.publish(published(health(4)), later)
    assert queue.texts == []


def test_a_view_that_did_not_change_has_no_patch() -> None:
    """The status is the same: nothing is said to those who see nothing else."""
    queue = Queue()
    queue.flow.publish(published(health(4)), published(health(5, rollup_lag_seconds=3.5)))
    assert queue.only.public is None
    assert queue.only.deployment == {"sequence": 5, "rollup_lag_seconds": 3.5}


def test_what_is_published_first_is_whole() -> None:
    """A client that subscribed before was answered `health_unknown`, and is sent a snapshot now."""
    queue = Queue()
    first = published(health(1), organisation(ORG_A, 5))
    assert queue.flow.publish(None, first)
    assert queue.only.type == "health.snapshot"
    assert queue.only.public == {"status": "ok"}
    assert (queue.only.previous, queue.only.sequence) == (0, 1)
    assert queue.only.deployment == shown(first.health)
    assert queue.only.organisations == {ORG_A: shown(first.organisations[ORG_A])}


def test_a_push_stays_small_enough_for_its_queue() -> None:
    """More organisations than it holds are left out, and that is said."""
    queue = Queue()
    many = [organisation(uuid4(), 5, **{f"reason_{number}": number for number in range(20)}) for _ in range(700)]
    queue.flow.publish(published(health(4)), published(health(5, "down"), *many))
    assert queue.only.organisations is None
    assert queue.only.public == {"status": "down"}


def test_a_heartbeat_names_the_latest_sequence() -> None:
    """Who has another one missed something."""
    queue = Queue()
    queue.flow.heartbeat(published(health(4)))
    push = queue.only
    assert (push.type, push.previous, push.sequence) == ("heartbeat", 4, 4)
    assert push.public is push.deployment is None
    assert push.organisations == {}
