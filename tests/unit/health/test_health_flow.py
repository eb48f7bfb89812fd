"""Watching health: when it looks, what it keeps and pushes, and that nothing that is away stops it."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.health.health import HealthState
from rollcall.contracts.jobs.job import QueueDepth
from rollcall.contracts.sockets.connection import Bearer, Connection, Topic
from rollcall.domain.health.backpressure import AdviceLimits
from rollcall.domain.jobs.schedule import JOBS
from rollcall.flows.health.monitor import MARGIN_SECONDS

from tests.builders import NOW, caller
from tests.unit.health.fakes import HealthRoom


@pytest.fixture
def room() -> HealthRoom:
    return HealthRoom()


def socket_of(org_id: UUID, *topics: Topic) -> Connection:
    return Connection(
        connection_id=str(uuid4()), bearer=Bearer.of(caller(org_ids=[org_id])), topics=frozenset(topics),
        org_ids=frozenset([org_id]),
    )  # fmt: skip


def test_it_looks_each_interval_until_its_time_is_up(room: HealthRoom) -> None:
    """Six looks in a minute, the last of which ends in time; a snapshot, deltas for what changed, heartbeats else."""
    assert room.run(60, interval_seconds=10) == 6
    assert room.seconds <= 62
    kinds = [kind for kind, _, _ in room.pushed]
    assert kinds[0] == "snapshot"
    assert set(kinds[2:]) == {"heartbeat"}, "probes of the same length change nothing"
    moments = [at for _, at, _ in room.pushed]
    assert all(9.9 < later - earlier < 10.2 for earlier, later in pairwise(moments))


def test_sequences_grow_by_one_with_each_change_and_versions_with_each_write(room: HealthRoom) -> None:
    """A client that sees a gap has missed something."""
    room.run(60)
    room.depths["rollup"] = 3
    room.run(60)
    versions = [published.version for _, _, published in room.pushed]
    assert versions == list(range(1, len(versions) + 1))
    deltas = [published.health.sequence for kind, _, published in room.pushed if kind != "heartbeat"]
    assert deltas == list(range(1, len(deltas) + 1))


@pytest.mark.parametrize("goes", [True, False])
def test_a_change_of_reachability_is_pushed_within_a_probe(room: HealthRoom, goes: bool) -> None:
    """Long before the next look: within a second and what the probe takes."""
    room.is_reachable = goes

    def change(now: float) -> None:
        if now >= 3:
            room.is_reachable = not goes

    room.during_sleep = change
    room.run(12, interval_seconds=30)
    (_, _, _), (kind, at, published) = room.pushed
    assert kind == "delta"
    assert 3 <= at < 4.5
    assert published.health.status == ("down" if goes else "ok")
    assert [t.status for t in room.health_table.transitions(9)] == (["down"] if goes else ["ok", "down"])


def test_what_went_is_told_before_anything_else_is_asked(room: HealthRoom) -> None:
    """A database that does not answer is not asked twice: each question would cost seconds."""
    watch = room.watch()
    room.is_reachable = False
    watch.look(is_reachable=False)
    assert room.asked == []
    assert room.kept().health.reasons == ["database_unreachable"]


def test_a_database_that_answers_and_cannot_tell_is_not_away(room: HealthRoom) -> None:
    """What is slow or in conflict leaves numbers out; the probe alone judges."""
    room.can_measure = False
    room.watch().look()
    health = room.kept().health
    assert (health.status, health.database.is_reachable) == ("ok", True)
    assert (health.orgEnforcement, health.offlineQueue.pendingAssignments) == (None, None)


def test_a_database_that_can_never_be_measured_is_degraded(room: HealthRoom) -> None:
    """Nine objectives are unknown: after ten minutes somebody should look; and all is well once it can be."""
    room.can_measure = False
    for _ in range(12):
        room.run(60)
    health = room.kept().health
    assert (health.status, health.reasons) == ("degraded", ["measurement_failed"])
    room.can_measure = True
    for _ in range(2):
        room.run(60)
    assert room.kept().health.status == "ok"


def test_one_failed_measurement_does_not_begin_the_ten_minutes_anew(room: HealthRoom) -> None:
    """It saw no calm."""
    room.depths["spool"], room.dead_letters = 51, 11
    room.run(300)
    room.can_measure = False
    room.watch().look()
    room.can_measure = True
    room.run(310)
    assert room.kept().health.status == "degraded"


def test_a_slow_database_is_asked_less_than_everything(room: HealthRoom) -> None:
    """Each question is answered, and all together take too long: the look ends, and says what it could not find out."""
    room.answers_after = 2.5
    room.watch().look()
    assert room.asked == ["probe", "connections", "queues", "waits", "probe"]
    health = room.kept().health
    assert (health.database.is_reachable, health.database.connection_count) == (True, None)


def test_an_older_look_does_not_take_the_place_of_a_newer_one(room: HealthRoom) -> None:
    """The later question to the database counts, even if the earlier measurement ends last."""
    slow, fast = room.watch(), room.watch()

    def while_measuring(_queue: str) -> QueueDepth:
        room.is_reachable = False
        if not room.pushed:
            room.seconds += 1
            fast.look(is_reachable=fast.measure.probe())
        room.is_reachable = True
        return room.depth_of("spool")

    slow.measure.depth_of = while_measuring
    assert slow.look() is None
    assert room.kept().health.status == "down"
    assert [published.health.status for _, _, published in room.pushed] == ["down"]
    room.seconds += 1
    slow.run(lambda: MARGIN_SECONDS + 5 - room.seconds)
    assert room.kept().health.status == "ok", "its next probe is compared with what is kept"


def test_two_who_watch_at_a_time_look_as_often_as_one(room: HealthRoom) -> None:
    """While one goes and the next comes, there is no gap and no message more."""
    first, second = room.watch(), room.watch()
    turns = iter([lambda: second.run(lambda: MARGIN_SECONDS + 33 - room.seconds)])

    def come(now: float) -> None:
        if now > 11.5 and (turn := next(turns, None)):
            room.during_sleep = lambda _now: None
            turn()

    room.during_sleep = come
    first.run(lambda: MARGIN_SECONDS + 35 - room.seconds)
    moments = [at for _, at, _ in room.pushed]
    assert len(moments) == 4
    assert all(9.9 < later - earlier < 13 for earlier, later in pairwise(moments))


def test_a_signal_of_what_is_known_is_no_look(room: HealthRoom) -> None:
    """Somebody has looked, and a probe finds the same: a storm of signals writes nothing and sends nothing."""
    watch = room.watch()
    assert watch.answer(), "there is no earlier measurement"
    for is_reachable in (True, False):
        room.is_reachable = is_reachable
        room.watch().answer()
        version, pushed = room.kept().version, len(room.pushed)
        for _ in range(100):
            room.seconds += 0.05
            assert not room.watch().answer()
            assert not watch.answer()
        assert (room.kept().version, len(room.pushed)) == (version, pushed)
    assert [published.health.status for _, _, published in room.pushed] == ["ok", "down"]


def test_a_signal_is_a_look_where_nobody_watches(room: HealthRoom) -> None:
    """What is kept is older than an interval: then it says little."""
    watch = room.watch()
    watch.look()
    room.seconds += 11
    assert watch.answer()
    room.table.is_away = True
    assert watch.answer()
    assert set(room.faults) == {"table_unavailable"}


def test_a_clock_that_is_wrong_holds_up_nobody(room: HealthRoom) -> None:
    """What was measured an hour from now is overwritten by the next look."""
    room.seconds = 3_600
    room.watch().look()
    room.seconds = 0
    assert room.run(15) == 2
    assert room.kept().health.measured_at < NOW + timedelta(minutes=1)


def test_what_another_release_wrote_is_followed(room: HealthRoom) -> None:
    """The stored state may lack a needed member: the monitor measures anew, and clients see a gap."""
    room.watch().look()
    for _ in range(4):
        room.seconds += 1
        room.depths["rollup"] = int(room.seconds)
        room.watch().look()
    (item,) = room.table.of_kind("snapshot")
    health = {name: value for name, value in item.document["health"].items() if name != "advice"}
    room.table.put(replace(item, document={**item.document, "health": health}))
    assert room.health_table.read() is None
    room.seconds += 1
    after = room.watch().look()
    assert after is not None
    assert (after.version, after.health.sequence) == (6, 6)
    room.seconds += 1
    assert room.watch().look() is not None


def test_nothing_that_is_away_stops_it(room: HealthRoom) -> None:
    """Neither database, nor table, nor queues: it reports and goes on, and is right again afterwards."""
    room.is_reachable, room.can_push, room.table.is_away = False, False, True
    room.depths = dict.fromkeys(("spool", "analytics"))
    assert room.run(30) == 3
    assert set(room.faults) == {"table_unavailable"}
    room.table.is_away = False
    room.watch().look()
    assert room.faults[-1] == "queue_unavailable"
    health = room.kept().health
    assert (health.status, health.offlineQueue.backlog, health.progressBatchLagMs) == ("down", None, None)
    room.is_reachable, room.can_push, room.depths = True, True, {}
    room.watch().look()
    assert room.kept().health.status == "ok"


def test_a_transition_that_could_not_be_noted_is_noted_later(room: HealthRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the next measurement, once."""
    room.is_reachable = False
    with monkeypatch.context() as patched:
        patched.setattr(room.table, "put", lambda _item: room.table.__class__(is_away=True)._reach())
        room.watch().look()
    assert room.health_table.transitions(9) == []
    room.watch().look()
    room.watch().look()
    (transition,) = room.health_table.transitions(9)
    assert (transition.status, transition.previous, transition.sequence) == ("down", "ok", 1)
    assert transition.at == room.kept().health.since


def test_transitions_are_kept_for_ninety_days(room: HealthRoom) -> None:
    """And the snapshot for good: it is the one item that is written again."""
    room.is_reachable = False
    room.watch().look()
    (transition,) = room.table.of_kind("transition")
    assert transition.expires_at == int(NOW.timestamp()) + 90 * 86_400
    assert [item.expires_at for item in room.table.of_kind("snapshot")] == [None]


def test_two_who_watch_follow_one_another(room: HealthRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer that lost the race reads again, and builds on the state of the winner."""
    first, second = room.watch(), room.watch()
    second.look()
    stale, read = room.kept(), room.health_table.read
    answers = iter([stale])
    room.seconds += 1
    second.look()
    monkeypatch.setattr(first.table, "read", lambda: next(answers, None) or read())
    after = first.look()
    assert after is not None
    assert after.version == 3
    assert [published.version for _, _, published in room.pushed] == [1, 2, 3]


def test_a_restart_keeps_what_was_remembered(room: HealthRoom) -> None:
    """Ten minutes of two violated SLOs, watched by one environment after the other."""
    room.depths["spool"], room.dead_letters = 51, 11
    for _ in range(9):
        room.run(60)
        room.seconds += 5
    assert room.kept().health.status == "ok"
    assert room.kept().state.violated_since is not None
    room.run(60)
    room.run(60)
    health = room.kept().health
    assert health.status == "degraded"
    assert set(health.reasons) == {"progress_lag", "spool_backlog", "dead_letters"}


def test_the_spools_age_is_that_of_its_not_being_empty(room: HealthRoom) -> None:
    """The age of the oldest message is unknown while none is loaded; an unknown depth changes nothing."""
    watch = room.watch()
    for spooled, lag_ms in ((0, 0), (5, 0), (9, 10_000), (None, None), (1, 30_000), (0, 0), (2, 0)):
        room.depths["spool"] = spooled
        watch.look()
        health = room.kept().health
        assert (health.offlineQueue.backlog, health.progressBatchLagMs) == (spooled, lag_ms)
        room.seconds += 9.998


def test_a_trickle_through_the_spool_is_not_late(room: HealthRoom) -> None:
    """One batch is always on its way, and none waits for long: what was loaded is younger than any that is left."""
    watch = room.watch()
    room.hidden["spool"] = 1
    for _ in range(60):
        room.loaded = (room.now() - timedelta(seconds=4), 2.2)
        watch.look()
        room.seconds += 10
    health = room.kept().health
    assert health.progressBatchLagMs == 4_000
    assert not health.slos["progress_lag"].is_violated
    assert health.advice == AdviceLimits().default


def test_batches_that_waited_long_are_told_of_until_the_spool_is_empty(room: HealthRoom) -> None:
    """For any message that is loaded first after an outage: the age of the others is unknown."""
    room.depths["spool"], room.loaded = 40, (NOW, 900)
    room.watch().look()
    assert room.kept().health.progressBatchLagMs == 900_000
    room.depths["spool"] = 0
    room.watch().look()
    assert room.kept().health.progressBatchLagMs == 0


def test_a_letter_that_was_redriven_is_not_late(room: HealthRoom) -> None:
    """Its events are a day old, and it waited for no longer than since the spool was empty: a repair is no fault."""
    room.watch().look()
    room.seconds += 10
    room.depths["spool"], room.loaded = 1, (room.now() - timedelta(days=1), 86_400)
    room.watch().look()
    health = room.kept().health
    assert health.progressBatchLagMs == 10_000
    assert not health.slos["progress_lag"].is_violated
    room.depths["spool"] = None
    room.seconds += 10
    room.watch().look()
    room.depths["spool"] = 1
    room.watch().look()
    assert room.kept().health.progressBatchLagMs == 20_000, "what was not seen was not empty"


def test_what_is_hidden_until_it_is_tried_again_slows_nobody_down(room: HealthRoom) -> None:
    """After a long outage that is up to twenty minutes. It is shown and holds back what is destructive; the database
    is free meanwhile.
    """
    room.hidden, room.oldest_waits_seconds = {"spool": 5_000, "analytics": 70}, 4_000
    watch = room.watch()
    for _ in range(60):
        watch.look()
        room.seconds += 10
    health = room.kept().health
    assert health.advice == AdviceLimits().default
    assert (health.offlineQueue.backlog, room.advised[-1][1]) == (5_000, 5_000)
    assert health.analyticsIngestLagMs == 4_000_000
    room.hidden, room.depths = {}, {"spool": 5_000}
    watch.look()
    assert room.kept().health.advice.pause_until is not None


def test_a_pause_for_a_backlog_that_nobody_loads_ends(room: HealthRoom) -> None:
    """After five minutes, across invocations; clients go on with the slowest advice."""
    room.depths["spool"] = 5_000
    for minute in range(1, 9):
        room.run(60)
        assert (room.kept().health.advice.pause_until is not None) == (minute <= 5)
    assert room.kept().health.advice.flush_interval_ms == AdviceLimits().flush_interval_max_ms


def test_queues_have_ages_where_somebody_knows_them(room: HealthRoom) -> None:
    """The database knows those of operations and rollups; failed starts and an empty queue have none."""
    room.depths = {"operations": 1, "rollup": 2, "schedule_dead_letter": 1}
    room.watch().look()
    ages = {queue: found.oldest_age_seconds for queue, found in room.kept().health.queues.items()}
    assert ages == {"spool": 0, "analytics": 0, "rollup": 7, "operations": 61, "schedule_dead_letter": None}


def test_what_waits_on_an_empty_queue_is_not_late(room: HealthRoom) -> None:
    """It never reached the queue. A queue with something on it has the age of the oldest batch."""
    room.oldest_waits_seconds = 130
    room.watch().look()
    assert room.kept().health.analyticsIngestLagMs == 0
    room.depths["analytics"] = 1
    room.watch().look()
    assert room.kept().health.analyticsIngestLagMs == 130_000
    assert room.kept().health.slos["analytics_lag"].is_violated


@pytest.mark.parametrize(("waits", "status"), [(None, "ok"), (899, "ok"), (950, "degraded")])
@pytest.mark.parametrize("depth", [0, 3])
def test_an_accepted_event_that_stays_queued_is_a_reason(
    room: HealthRoom, waits: float | None, status: str, depth: int
) -> None:
    """Wherever it lies: also where its queue is empty, since its message is a dead letter that was not recorded yet."""
    room.oldest_waits_seconds, room.depths["analytics"] = waits, depth
    room.watch().look()
    health = room.kept().health
    assert health.status == status
    assert ("queued_events" in health.reasons) == (status == "degraded")
    assert health.slos["queued_events"].value == pytest.approx(waits or 0, rel=0.01)


def test_organisations_are_those_that_somebody_subscribed_to(room: HealthRoom) -> None:
    """A socket that subscribes to health alone causes no measurement of organisations, nor does an outage."""
    watched = uuid4()
    room.connections = [socket_of(watched, "health", "organisations"), socket_of(uuid4(), "health")]
    room.depths["analytics"] = 1
    room.watch().look()
    assert room.kept().organisations.keys() == {watched}
    assert room.kept().organisations[watched].lag_ms == 1200
    room.is_reachable = False
    room.watch().look()
    assert room.kept().organisations == {}


def test_jobs_become_slos_and_drills(room: HealthRoom) -> None:
    """A drill that failed counts as itself, not among the jobs that were missed; a rate is of ten runs or more."""
    run = {"run_id": str(uuid4()), "idempotency_key": None, "started_at": NOW, "ended_at": NOW, "items": 0,
           "retries": 0}  # fmt: skip
    room.jobs = {
        "restore_drill": {"last_run": run | {"status": "failed", "error_code": "x"}, "failed_count": 1},
        "retention": {"last_run": run | {"status": "succeeded", "error_code": None}, "succeeded_count": 9},
        "digest": {"watched_since": NOW.replace(year=2020)},
    }
    room.watch().look()
    health = room.kept().health
    values = {name: slo.value for name, slo in health.slos.items()}
    assert (values["restore_drill"], values["retention"], values["jobs_missed"]) == (1, 0, 1)
    assert values["job_failure_rate"] == pytest.approx(0.1)
    assert values["queue_latency_p95"] is None, "three batches make no percentile"
    assert (health.restore_drill, health.retention) != (None, None)
    assert (health.restore_drill and health.restore_drill.status) == "failed"
    assert (health.retention and health.retention.status) == "succeeded"
    assert health.jobs.keys() == JOBS.keys()


def test_what_asks_every_organisation_is_asked_twice_a_minute(room: HealthRoom) -> None:
    """Rollup lag, jobs and the catalog; the rest each time."""
    room.run(60, interval_seconds=5)
    assert room.asked.count("rollups") == room.asked.count("enforcement") == 2
    assert room.asked.count("queues") == 12


def test_advice_is_renewed_with_each_look_while_the_database_answers(room: HealthRoom) -> None:
    """Advice without renewal goes stale; while the database is away it could not be read."""
    room.run(30)
    assert len(room.advised) == 3
    assert room.advised[0] == (room.kept().health.advice, 0)
    room.is_reachable = False
    room.run(30)
    assert len(room.advised) == 3
    assert room.kept().health.advice.pause_until is not None


def test_readers_look_up_once_a_second(room: HealthRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask; their organisations too."""
    room.run(10)
    reads = 0
    reading, read = room.read(), room.health_table.read

    def count() -> HealthState | None:
        nonlocal reads
        reads += 1
        return read()

    monkeypatch.setattr(reading.table, "read", count)
    org_id = uuid4()
    for _ in range(10):
        assert reading.current().health.status == "ok"
        assert reading.organisations([org_id]).keys() == {org_id}
        room.seconds += 0.3
    assert reads == 3
    assert room.asked.count("organisations:1") == 3


def test_readers_look_for_themselves_where_nobody_watches(room: HealthRoom) -> None:
    """Before the first time, and when what is kept is old: then they say so. They keep and move nothing."""
    assert room.read().current().health.reasons == []
    assert room.read().current().health.sequence == 0
    room.watch().look()
    room.seconds += 91
    room.is_reachable = False
    reading = room.read()
    health = reading.current().health
    assert (health.status, health.reasons, health.sequence) == ("down", ["database_unreachable", "health_stale"], 1)
    assert reading.organisations([uuid4()]) == {}
    assert room.kept().version == 1
    asked = len(room.asked)
    for _ in range(4):
        room.seconds += 1.1
        reading.current()
    assert len(room.asked) - asked <= 1, "however many ask, it looks once in five seconds"


def test_readers_go_on_without_the_table(room: HealthRoom) -> None:
    """They look for themselves then."""
    room.table.is_away = True
    reading = room.read()
    assert reading.current().health.status == "ok"
    room.is_reachable = False
    room.seconds += 6
    assert reading.current().health.status == "down"
    assert room.faults == ["table_unavailable"] * 2
