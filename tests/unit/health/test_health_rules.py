"""Health's rules under a clock of the tests' own: when it is degraded, when down, and what ends either."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollcall.domain.health.rounding import percentile, significant, steady_ms
from rollcall.domain.health.status import DEGRADED_AFTER, GRAVE, UNITS, Judgement, judge, judge_slos, stale_after
from rollcall.domain.jobs.thresholds import Objectives
from rollcall.edge.runtime.settings import Settings

from tests.builders import NOW

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
TWO = ["progress_lag", "rollup_lag"]
Look = tuple[timedelta, list[str], bool]


def live(*looks: Look, judgement: Judgement | None = None) -> list[Judgement]:
    """Judge one look after the other: how long after the one before, what was violated, and whether it answered."""
    now, judgements = judgement.seen_at if judgement else NOW, []
    for after, violated, is_reachable in looks:
        now += after
        judgement = judge(judgement, violated, now, is_reachable=is_reachable)
        judgements.append(judgement)
    return judgements


def steadily(violated: list[str], minutes: float, *, is_reachable: bool = True) -> list[Look]:
    """Look every ten seconds, for so long, and find the same."""
    return [(10 * SECOND, violated, is_reachable)] * round(6 * minutes)


def statuses(judgements: list[Judgement]) -> list[str]:
    return [judgement.status for judgement in judgements]


def test_the_database_away_is_down_at_once_and_clears_at_once() -> None:
    """One look is enough, either way, and says why."""
    well, away, back = live((SECOND, [], True), (SECOND, [], False), (SECOND, [], True))
    assert statuses([well, away, back]) == ["ok", "down", "ok"]
    assert away.reasons == ("database_unreachable",)
    assert back.reasons == ()
    assert (well.since, away.since, back.since) == (NOW + SECOND, NOW + 2 * SECOND, NOW + 3 * SECOND)


def test_exactly_ten_minutes_of_two_violated_slos_degrade() -> None:
    """A second less does not. The SLOs are the reasons."""
    first = live((SECOND, TWO, True))[-1]
    began = first.seen_at
    steady = live(*steadily(TWO, 9.5), judgement=first)[-1]
    assert steady.violated_since == began
    just_before = judge(steady, TWO, began + DEGRADED_AFTER - SECOND, is_reachable=True)
    assert just_before.status == "ok"
    on_time = judge(just_before, TWO, began + DEGRADED_AFTER, is_reachable=True)
    assert (on_time.status, on_time.reasons, on_time.since) == ("degraded", tuple(TWO), began + DEGRADED_AFTER)


def test_one_violated_slo_never_degrades() -> None:
    """However long, and whichever it is."""
    assert set(statuses(live(*steadily(TWO[:1], 60)))) == {"ok"}


def test_which_two_are_violated_may_change() -> None:
    """Two are, without a break, though no single one is."""
    looks = [*steadily(["a", "b"], 5), *steadily(["b", "c"], 5), *steadily(["c", "d"], 1)]
    assert live(*looks)[-1].status == "degraded"


def test_flapping_does_not_degrade() -> None:
    """Each break begins the ten minutes anew."""
    looks = [*steadily(TWO, 9.5), (10 * SECOND, [], True)] * 6
    assert set(statuses(live(*looks))) == {"ok"}


def test_degraded_clears_after_a_minute_of_calm() -> None:
    """Not sooner, and a violation between begins the minute anew; meanwhile it says that it recovers."""
    degraded = live(*steadily(TWO, 11))[-1]
    assert degraded.status == "degraded"
    calm = live(*steadily([], 50 / 60), judgement=degraded)[-1]
    assert (calm.status, calm.reasons) == ("degraded", ("recovering",))
    again = judge(calm, TWO, calm.seen_at + 5 * SECOND, is_reachable=True)
    assert (again.status, again.calm_since) == ("degraded", None)
    first = judge(again, TWO[:1], again.seen_at + 5 * SECOND, is_reachable=True)
    assert judge(first, [], first.seen_at + 59 * SECOND, is_reachable=True).status == "degraded"
    over = judge(first, [], first.seen_at + MINUTE, is_reachable=True)
    assert (over.status, over.reasons, over.violated_since, over.calm_since) == ("ok", (), None, None)


def test_an_outage_is_no_break() -> None:
    """What the database cannot tell ends nothing: violated before and after it, the ten minutes go on."""
    looks = [*steadily(TWO, 6), *steadily([], 1, is_reachable=False), *steadily(TWO, 4)]
    assert live(*looks)[-1].status == "degraded"


def unmeasured(judgement: Judgement | None, minutes: float, violated: list[str] | None = None) -> Judgement:
    """Look every ten seconds, for so long, at a database that answers and cannot be measured."""
    now = judgement.seen_at if judgement else NOW
    for look in range(1, round(6 * minutes) + 1):
        at = now + look * 10 * SECOND
        judgement = judge(judgement, violated or [], at, is_reachable=True, is_known=False)
    assert judgement is not None
    return judgement


def test_what_could_not_be_measured_is_neither_calm_nor_a_break() -> None:
    """Ten minutes without numbers degrade, as part of ten minutes of two violated SLOs does; then calm must be seen."""
    assert unmeasured(None, 9.9).status == "ok"
    blind = unmeasured(None, 11, ["spool_backlog"])
    assert (blind.status, blind.reasons) == ("degraded", ("spool_backlog", "measurement_failed"))
    partly = unmeasured(live(*steadily(TWO, 6))[-1], 1)
    assert live(*steadily(TWO, 4), judgement=partly)[-1].status == "degraded"
    calm = live(*steadily([], 0.5), judgement=blind)[-1]
    assert unmeasured(calm, 5).status == "degraded"
    assert live(*steadily([], 1.2), judgement=blind)[-1].status == "ok"


def test_a_measurement_that_failed_once_is_forgotten() -> None:
    """The next look that knows better ends it."""
    once = unmeasured(live(*steadily(TWO[:1], 5))[-1], 0.2)
    assert once.violated_since is not None
    assert judge(once, TWO[:1], once.seen_at + SECOND, is_reachable=True).violated_since is None


def test_silence_is_of_two_looks() -> None:
    """A minute and a half, unless looks are as seldom as that."""
    assert [stale_after(seconds * SECOND).total_seconds() for seconds in (1, 10, 60)] == [90, 90, 150]


def test_degraded_before_an_outage_is_degraded_after_it() -> None:
    """And all is well where nothing is violated any more."""
    down = live(*steadily(TWO, 11), (SECOND, [], False))[-1]
    assert down.status == "down"
    assert judge(down, TWO, down.seen_at + SECOND, is_reachable=True).status == "degraded"
    assert judge(down, [], down.seen_at + SECOND, is_reachable=True).status == "ok"


def test_a_restart_of_whoever_watches_goes_on_counting() -> None:
    """A minute without measurements is no break; many unmeasured minutes do not count among the ten."""
    before = live(*steadily(TWO, 9.5))[-1]
    assert judge(before, TWO, before.seen_at + MINUTE, is_reachable=True).status == "degraded"
    late = judge(before, TWO, before.seen_at + 6 * MINUTE, is_reachable=True)
    assert (late.status, late.violated_since) == ("ok", late.seen_at)


def test_accepted_events_that_are_nowhere_degrade_at_once() -> None:
    """One objective is enough where events may be lost, by itself; it clears like any other."""
    first, second = live((SECOND, ["queued_events"], True), (SECOND, [], True))
    assert (first.status, first.reasons) == ("degraded", ("queued_events",))
    assert (second.status, second.reasons) == ("degraded", ("recovering",))
    assert live(*steadily([], 2), judgement=second)[-1].status == "ok"


LOOKS = st.lists(
    st.tuples(
        st.timedeltas(min_value=SECOND, max_value=3 * MINUTE),
        st.lists(st.sampled_from(sorted(UNITS)), unique=True, max_size=4),
        st.booleans(),
    ),
    max_size=60,
)


@given(LOOKS)
def test_whatever_happens_the_rules_hold(looks: list[Look]) -> None:
    """Down exactly while it is away; degraded only after ten minutes that saw no two-SLO break; `since` never jumps."""
    judgements = live(*looks)
    began: datetime | None = None
    previous: Judgement | None = None
    was_grave = False
    for (_, violated, is_reachable), judgement in zip(looks, judgements, strict=True):
        assert (judgement.status == "down") == (not is_reachable)
        is_grave = not GRAVE.isdisjoint(violated)
        if len(violated) >= 2 or is_grave:
            began = began or judgement.seen_at
        elif is_reachable and not (previous and previous.status == "degraded" and judgement.status == "degraded"):
            began = None
        if judgement.status == "degraded":
            assert began is not None
            was_grave = is_grave or (was_grave and previous is not None and previous.status == "degraded")
            assert was_grave or judgement.seen_at - began >= DEGRADED_AFTER
            assert judgement.reasons
        assert (judgement.status == "ok") == (judgement.reasons == ())
        is_same = previous is not None and previous.status == judgement.status
        assert judgement.since == (previous.since if is_same and previous else judgement.seen_at)
        previous = judgement


def test_every_slo_has_a_threshold_and_is_violated_beyond_it() -> None:
    """At it, all is well; what was not measured violates nothing."""
    objectives = Objectives()
    slos = judge_slos({"spool_backlog": 50, "dead_letters": 11, "rollup_lag": None}, objectives)
    assert slos.keys() == UNITS.keys() == Objectives.__dataclass_fields__.keys()
    assert [name for name, slo in slos.items() if slo.is_violated] == ["dead_letters"]
    assert slos["rollup_lag"].value is None
    assert slos["spool_backlog"].threshold == 50


def test_thresholds_are_those_of_the_settings() -> None:
    """The very ones that the watchdog warns by, and the limit of the backlog."""
    given_settings = Settings(
        backlog_limit=7, ingest_lag_page_seconds=8, rollup_lag_warn_seconds=9, queue_latency_warn_seconds=10,
        failure_rate_warn=0.5, database_latency_objective_ms=11, queued_events_max_seconds=12,
    )  # fmt: skip
    assert given_settings.objectives == Objectives(
        progress_lag=8, analytics_lag=8, queued_events=12,
        database_latency_p95=11, spool_backlog=7, rollup_lag=9, queue_latency_p95=10,
        job_failure_rate=0.5,
    )  # fmt: skip
    assert Settings().objectives == Objectives()


@pytest.mark.parametrize(
    ("value", "shown"), [(None, None), (0.0, 0.0), (0.123, 0.12), (12.34, 12.0), (123.4, 120.0), (98765.0, 99000.0)]
)
def test_figures_have_two_significant_digits(value: float | None, shown: float | None) -> None:
    """The rest is noise, and no news."""
    assert significant(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(None, None), (0.3, 5.0), (5.1, 10.0), (99.0, 100.0), (104.0, 100.0)])
def test_latencies_come_in_steps(value: float | None, shown: float | None) -> None:
    """Of five milliseconds; beyond a hundred, two digits."""
    assert steady_ms(value) == shown


def test_percentiles_are_values_that_were_measured() -> None:
    """By nearest rank; none of nothing."""
    assert percentile([], 0.95) is None
    assert percentile([7.0], 0.5) == 7.0
    assert percentile([float(n) for n in range(1, 101)], 0.95) == 95.0
