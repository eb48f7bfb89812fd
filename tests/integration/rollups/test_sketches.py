"""Sketches: percentiles within 1 %, and numbers of learners within the stated error."""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from statistics import fmean
from uuid import UUID, uuid4

import psycopg
import pytest
from rollcall.store.rollups.rollups import RollupStore

from tests.builders import NOW, an_event
from tests.integration.rollups.test_rollup_days import freeze
from tests.postgres import ScratchDatabase
from tests.rollups import fold_everything

A = uuid4()
RELATIVE_ERROR, STANDARD_ERROR = 0.01, 1.04 / 4096**0.5
BETWEEN = "select learner_count, is_exact from rollcall.active_learners_between_v1(%s, 'progress', %s, %s)"


@pytest.fixture
def owner(clone: ScratchDatabase) -> Iterator[psycopg.Connection]:
    """A connection that may call what no role is granted."""
    with clone.connect() as connection:
        yield connection


@pytest.mark.parametrize("spread", ["even", "heavy", "tiny", "one"])
def test_percentiles_are_within_one_percent(owner: psycopg.Connection, spread: str) -> None:
    """Of any durations, from microseconds to years, of one histogram or two merged."""
    chance = random.Random(spread)
    draws: dict[str, Callable[[], float]] = {
        "even": lambda: chance.uniform(1, 600_000),
        "heavy": lambda: chance.lognormvariate(8, 3),
        "tiny": lambda: chance.uniform(0.001, 0.1),
        "one": lambda: 86_400_000.0,
    }
    durations = sorted(draws[spread]() for _ in range(2_000))
    halves = (durations[::2], durations[1::2])
    histograms = [
        owner.execute(
            "select array_agg(bucket), array_agg(number) from (select rollcall.duration_bucket_v1(d) as bucket,"
            " count(*) as number from unnest(%s::double precision[]) as d group by 1) as h",
            (half,),
        ).fetchone()
        for half in halves
    ]
    buckets = [bucket for histogram in histograms if histogram for bucket in histogram[0]]
    numbers = [number for histogram in histograms if histogram for number in histogram[1]]
    for fraction in (0, 0.05, 0.5, 0.95, 0.99, 1):
        row = owner.execute(
            "select rollcall.duration_percentile_v1(%s, %s, %s)", (buckets, numbers, fraction)
        ).fetchone()
        exact = durations[int(fraction * (len(durations) - 1))]
        assert row is not None
        assert abs(row[0] - exact) <= RELATIVE_ERROR * exact * (1 + 1e-9), (fraction, row[0], exact)


@pytest.mark.parametrize("learners", [0, 1, 10, 300, 3_000, 12_000, 30_000])
def test_a_sketch_is_within_three_standard_errors(owner: psycopg.Connection, learners: int) -> None:
    """At each size, and on average over several sets without a bias."""
    errors = []
    for seed in range(5):
        row = owner.execute(
            "select rollcall.estimate_learners_v1(coalesce(array_agg(register), '{}')) from ("
            "  select max(rollcall.learner_register_v1(md5(%s || '/' || n)::uuid)) as register"
            "  from generate_series(1, %s) as n"
            "  group by rollcall.learner_register_v1(md5(%s || '/' || n)::uuid) >> 6"
            ") as ranked",
            (str(seed), learners, str(seed)),
        ).fetchone()
        assert row is not None
        errors.append(row[0] - learners)
    allowed = STANDARD_ERROR * learners
    assert max(abs(error) for error in errors) <= 3 * allowed + 1e-9
    assert abs(fmean(errors)) <= 3 * allowed / len(errors) ** 0.5 + 1e-9


def test_learners_of_several_days_count_once(clone: ScratchDatabase) -> None:
    """Exact while the days are live; from sketches, within their error, when some are frozen."""
    with closing(clone.database("rollcall_ops")) as database, clone.connect("rollcall_ops") as connection:
        store = RollupStore(database)
        for ago in range(3):
            learners = range(40 * ago, 40 * ago + 100)  # each day shares 60 learners with the one before
            events = [an_event(A, user_id=UUID(int=n), occurred_at=NOW - timedelta(days=ago)) for n in learners]
            clone.ingest([A], *events)
        fold_everything(store, A)
        window = (A, NOW.date() - timedelta(days=2), NOW.date())
        assert connection.execute(BETWEEN, window).fetchone() == (180, True)
        for ago in (1, 2):
            assert freeze(clone, "progress_events", NOW.date() - timedelta(days=ago))
        row = connection.execute(BETWEEN, window).fetchone()
        assert row is not None
        assert not row[1]
        assert abs(row[0] - 180) <= 3 * STANDARD_ERROR * 180
        assert connection.execute(BETWEEN, (A, NOW.date(), NOW.date())).fetchone() == (100, True)
        assert connection.execute(BETWEEN, (uuid4(), *window[1:])).fetchone() == (0, True)
