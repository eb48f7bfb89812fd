"""The control law of advice: raised fast, lowered slowly, held between; and what one environment tells its callers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rollcall.contracts.health.advice import Advice
from rollcall.domain.health.backpressure import (
    HEARD_LASTS,
    PAUSE_MAX,
    UNREACHABLE_LAG_MS,
    AdviceLimits,
    LatencyGauge,
    Load,
    WaterMarks,
    next_advice,
    pressed_since,
    stricter,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LIMITS = AdviceLimits()
DEFAULT = LIMITS.default
SLOW = LIMITS.advice(20_000)


def load(**changes: Any) -> Load:
    """Return a calm load with these members changed."""
    fields: dict[str, Any] = {"latency_p95_ms": 5, "is_reachable": True, "backlog": 0, "ingest_lag_ms": 0}
    return Load(**fields | changes)


def after(previous: Advice | None, found: Load, looks: int = 1) -> Advice:
    for _ in range(looks):
        previous = next_advice(previous, found, LIMITS, NOW)
    assert previous is not None
    return previous


def test_all_is_well_by_default() -> None:
    """No client is asked to wait longer than the shortest interval, and no interval is shorter."""
    assert Advice(flush_interval_ms=2_000, batch_size=25) == DEFAULT
    assert after(None, load(), looks=3) == DEFAULT


@pytest.mark.parametrize("change", [{"latency_p95_ms": 101}, {"backlog": 51}, {"ingest_lag_ms": 31_000}])
def test_one_measure_over_its_mark_slows_clients_down(change: dict[str, float]) -> None:
    """Whichever it is; the more the further it is over, by half at most; with each look, up to a limit."""
    first = after(None, load(**change))
    assert DEFAULT.flush_interval_ms < first.flush_interval_ms < 1.05 * DEFAULT.flush_interval_ms
    far = after(None, load(**{name: 4 * value for name, value in change.items()}))
    assert (far.flush_interval_ms, far.batch_size) == (3_000, 37)
    assert after(None, load(**change), looks=1_000) == Advice(flush_interval_ms=60_000, batch_size=100)


@pytest.mark.parametrize("change", [{"latency_p95_ms": 75}, {"backlog": 30}, {"ingest_lag_ms": 10_000}])
def test_between_the_marks_everything_holds(change: dict[str, float]) -> None:
    """Neither faster nor slower: that is the hysteresis."""
    assert after(SLOW, load(**change), looks=10) == SLOW
    assert after(DEFAULT, load(**change), looks=10) == DEFAULT


def test_clients_hurry_again_slowly() -> None:
    """Below all low-water marks each look lowers the interval by a tenth at most, until it is the default."""
    assert after(SLOW, load(latency_p95_ms=None)).flush_interval_ms == 18_000
    assert after(SLOW, load(latency_p95_ms=25)).flush_interval_ms == 19_000
    assert after(SLOW, load(latency_p95_ms=49)).flush_interval_ms > 19_900
    assert after(SLOW, load(), looks=40) == DEFAULT


@pytest.mark.parametrize("change", [{"backlog": None}, {"ingest_lag_ms": None}])
def test_what_nobody_knows_is_no_reason_to_hurry(change: dict[str, None]) -> None:
    """An unknown backlog holds the last advice."""
    assert after(SLOW, load(**change)) == SLOW


def test_batches_grow_so_that_events_keep_coming() -> None:
    """As long as the batch can grow, a client sends as many events a second in fewer batches."""
    for interval_ms in (2_000, 3_000, 5_000, 8_000):
        advice = LIMITS.advice(interval_ms)
        assert advice.batch_size / advice.flush_interval_ms == pytest.approx(25 / 2_000, rel=0.05)
    assert AdviceLimits(batch_size_max=10).default.batch_size == 10


def test_a_database_that_is_away_is_a_pause() -> None:
    """Renewed with each look, and over with the first that finds it back; the pace stays as it was."""
    away = after(SLOW, load(is_reachable=False, latency_p95_ms=None, backlog=None, ingest_lag_ms=None), looks=9)
    assert away == SLOW.model_copy(update={"pause_until": NOW + LIMITS.pause})
    assert after(away, load(latency_p95_ms=75)) == SLOW


def test_a_pause_ends_far_below_where_it_began() -> None:
    """Between its two marks a pause that is there goes on, and none begins."""
    assert after(None, load(backlog=501)).pause_until == NOW + LIMITS.pause
    assert after(None, load(backlog=499)).pause_until is None
    paused = LIMITS.advice(60_000, NOW + timedelta(seconds=1))
    assert after(paused, load(backlog=101)).pause_until == NOW + LIMITS.pause
    assert after(paused, load(backlog=100)).pause_until is None
    lapsed = LIMITS.advice(60_000, NOW - timedelta(seconds=1))
    assert after(lapsed, load(backlog=101)).pause_until == NOW + LIMITS.pause, "this look was late"
    ended = LIMITS.advice(60_000, NOW - LIMITS.pause)
    assert after(ended, load(backlog=499)).pause_until is None


def test_a_pause_for_a_backlog_is_bounded() -> None:
    """A backlog that is not loaded keeps clients silent for minutes, not for good; draining begins the time anew."""
    since: datetime | None = None
    advice, paused = DEFAULT, []
    for look in range(120):
        now = NOW + look * LIMITS.look_interval
        backlog = 5_000 if look != 100 else 3
        found = load(backlog=backlog, pressed_since=since)
        advice = next_advice(advice, found, LIMITS, now)
        since = pressed_since(found, advice, LIMITS, now)
        paused.append(advice.pause_until is not None)
    longest = PAUSE_MAX // LIMITS.look_interval
    assert paused == [True] * longest + [False] * (101 - longest) + [True] * 19
    assert advice.flush_interval_ms > 0.9 * LIMITS.flush_interval_max_ms


def test_a_database_that_is_away_is_paused_for_as_long_as_that() -> None:
    """The bound is of a backlog alone, and counts from when the database is back; an unknown backlog ends nothing."""
    paused = LIMITS.advice(2_000, NOW + LIMITS.pause)
    later = NOW + PAUSE_MAX
    assert pressed_since(load(backlog=5_000, is_reachable=False, pressed_since=NOW), paused, LIMITS, later) is None
    assert pressed_since(load(backlog=101), paused, LIMITS, later) == later
    assert pressed_since(load(backlog=None, pressed_since=NOW), DEFAULT, LIMITS, later) == NOW
    assert pressed_since(load(backlog=101, pressed_since=NOW), DEFAULT, LIMITS, later) == NOW
    assert pressed_since(load(backlog=100, pressed_since=NOW), DEFAULT, LIMITS, later) is None


@pytest.mark.parametrize("a_look", [1, 10, 100])
def test_a_backlog_that_grows_slowly_is_paused_as_well(a_look: int) -> None:
    """The five minutes are those of the pause: however long it took to come so far, and from above its lower mark."""
    since: datetime | None = None
    advice, paused = DEFAULT, []
    for look in range(600):
        now = NOW + look * LIMITS.look_interval
        found = load(backlog=a_look * look, pressed_since=since)
        advice = next_advice(advice, found, LIMITS, now)
        since = pressed_since(found, advice, LIMITS, now)
        if advice.pause_until is not None:
            paused.append(look)
    begins = 500 // a_look + 1
    assert paused == list(range(begins, begins + PAUSE_MAX // LIMITS.look_interval))


@pytest.mark.parametrize("seconds", [1, 10, 60])
def test_a_pause_outlasts_the_interval_between_looks(seconds: int) -> None:
    """Whichever is set: one that lapsed between two looks would let everybody send at once."""
    limits = AdviceLimits(look_interval=timedelta(seconds=seconds))
    away = next_advice(None, load(is_reachable=False), limits, NOW)
    assert away.pause_until is not None
    assert away.pause_until - NOW >= timedelta(seconds=seconds + 5)


def test_the_stricter_of_two_keeps_to_both() -> None:
    """The longer interval with the larger batch, and the later pause."""
    one = Advice(flush_interval_ms=9_000, batch_size=25, pause_until=NOW)
    other = Advice(flush_interval_ms=2_000, batch_size=80, pause_until=NOW + LIMITS.pause)
    assert stricter(one, other) == Advice(flush_interval_ms=9_000, batch_size=80, pause_until=NOW + LIMITS.pause)
    assert stricter(one, DEFAULT) == stricter(DEFAULT, one) == one


def test_an_environment_tells_the_stricter_of_what_it_heard_and_sees() -> None:
    """The common advice, unless the function's own calls are slower; the common advice counts for two minutes."""
    gauge = LatencyGauge(100, AdviceLimits(latency_ms=WaterMarks(50, 100)))
    assert gauge.advice_at(NOW) == DEFAULT
    gauge.take_advice(SLOW, NOW)
    assert gauge.advice_at(NOW) == SLOW
    for _ in range(100):
        gauge.record(3_000)
    assert gauge.advice_at(NOW).flush_interval_ms == gauge.queue_lag_ms > SLOW.flush_interval_ms
    for _ in range(100):
        gauge.record(1)
    assert gauge.advice_at(NOW + HEARD_LASTS) == SLOW
    assert gauge.advice_at(NOW + HEARD_LASTS + timedelta(seconds=1)) == DEFAULT
    gauge.take_advice(None, NOW)
    assert gauge.advice_at(NOW) == DEFAULT


def test_an_environment_without_its_database_asks_for_a_pause() -> None:
    """At once, before anybody else has seen it; the pause of Retry-After, and over with the first answer."""
    gauge = LatencyGauge(100)
    gauge.record_unreachable()
    assert gauge.advice_at(NOW).pause_until == NOW + timedelta(milliseconds=UNREACHABLE_LAG_MS)
    gauge.record(1)
    assert gauge.advice_at(NOW) == DEFAULT


def test_a_pause_that_is_over_is_not_told() -> None:
    """What was heard a while ago may have ended."""
    gauge = LatencyGauge(100)
    gauge.take_advice(SLOW.model_copy(update={"pause_until": NOW}), NOW)
    assert gauge.advice_at(NOW - timedelta(seconds=1)).pause_until == NOW
    assert gauge.advice_at(NOW) == SLOW
