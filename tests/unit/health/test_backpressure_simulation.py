"""Advice in a simulation: a backlog drains faster with it, and nothing swings as it would without water marks."""

from itertools import pairwise

import pytest
from rollcall.domain.health.backpressure import next_advice

from tests import backpressure
from tests.backpressure import LIMITS, OUTAGE, Deployment, Moment, intervals, turns

BACK_AT = OUTAGE[1]
LATELY = 90  # looks: fifteen minutes


@pytest.fixture(scope="module")
def advised() -> Deployment:
    """Clients that follow advice through an outage of five minutes."""
    return backpressure.outage(next_advice)


@pytest.fixture(scope="module")
def unadvised() -> Deployment:
    """Clients that hear of nothing."""
    return backpressure.outage(backpressure.no_advice, obeys=False)


def drain(world: Deployment) -> list[Moment]:
    """Return the looks from the end of the outage until nothing is spooled."""
    after = [moment for moment in world.moments if moment.at >= BACK_AT]
    last = next(place for place, moment in enumerate(after) if moment.backlog == 0)
    return after[: last + 1]


def test_a_backlog_drains_without_growing_again(advised: Deployment) -> None:
    """Once the database is back it shrinks with each look, and never comes back."""
    backlogs = [moment.backlog for moment in drain(advised)]
    assert backlogs[0] > 100 * LIMITS.backlog.high
    assert all(after < before for before, after in pairwise(backlogs))
    later = [moment for moment in advised.moments if moment.at > drain(advised)[-1].at]
    assert max(moment.backlog for moment in later) == 0


def test_the_database_is_not_starved_while_it_drains(advised: Deployment) -> None:
    """It works at its capacity all the while, though clients pause."""
    working = drain(advised)[2:-1]
    assert len(working) > 3
    assert min(moment.utilisation for moment in working) > 0.95


def test_clients_hold_little_back(advised: Deployment) -> None:
    """What they gathered meanwhile is flushed soon: minutes after the drain they hold what they did before."""
    before = max(moment.held_by_clients for moment in advised.moments if moment.at <= OUTAGE[0])
    assert max(moment.held_by_clients for moment in advised.moments) < 10 * before
    after = [moment for moment in advised.moments if moment.at >= drain(advised)[-1].at + 120]
    assert max(moment.held_by_clients for moment in after) < 1.5 * before


def test_advice_comes_back_to_the_default_and_stays(advised: Deployment) -> None:
    """Within minutes, by at most one swing: up while clients come back, then down."""
    assert turns(intervals(advised.moments)) <= 2
    calm = [moment for moment in advised.moments if moment.at >= drain(advised)[-1].at + 180]
    assert {moment.advice for moment in calm} == {LIMITS.default}


def test_a_backlog_drains_sooner_with_advice(advised: Deployment, unadvised: Deployment) -> None:
    """Fewer and larger batches during the outage, and a pause after it: less than half the time."""
    assert drain(advised)[0].backlog < drain(unadvised)[0].backlog / 2
    took = {world.obeys: drain(world)[-1].at - BACK_AT for world in (advised, unadvised)}
    assert took[True] < took[False] / 2


def test_a_crowd_finds_its_pace_and_keeps_it() -> None:
    """More clients than could be served at the fastest pace: the interval settles, where other laws keep swinging."""
    with_marks, without, all_or_nothing = (
        intervals(backpressure.socket_clients_of(law).moments[-LATELY:])
        for law in (next_advice, backpressure.without_hysteresis, backpressure.all_or_nothing)
    )
    assert turns(with_marks) <= 6
    assert max(with_marks) < 1.2 * min(with_marks)
    assert turns(without) > 20
    assert max(without) > 1.5 * min(without)
    assert turns(all_or_nothing) > 20
    assert max(all_or_nothing) == LIMITS.flush_interval_max_ms
