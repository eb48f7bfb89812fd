"""Thresholds and findings: what warns, what pages, and when a job is missed."""

from datetime import timedelta
from typing import Any

import pytest
from rollcall.contracts.jobs.job import JobMeasure, QueueMeasure
from rollcall.domain.jobs import findings
from rollcall.domain.jobs.schedule import DAY, HOUR, JOBS, MINUTE, Job
from rollcall.domain.jobs.thresholds import Threshold, Thresholds, judge_failures, judge_latency
from rollcall.edge.runtime.settings import Settings

from tests.builders import NOW

QUIET = QueueMeasure(latency_p95_seconds=None, stored_count=0, oldest_waits_seconds=None)


def a_job(period_seconds: int) -> Job:
    return Job("nightly", "rate(1 day)", period_seconds, 10)


def a_measure(**changes: Any) -> JobMeasure:
    fields = {
        "job": "nightly", "watched_since": NOW - timedelta(days=9), "last_started_at": NOW, "ended_count": 60,
        "failed_count": 0, "failed_in_a_row": 0,
    }  # fmt: skip
    return JobMeasure.model_validate(fields | changes)


def found(*, missed: tuple[str, ...] = (), **changes: Any) -> dict[str, str]:
    measures = {"jobs": (), "queues": QUIET, "ingest_lag_seconds": None, "rollup_lag_seconds": None}
    seen = findings.find(findings.Measures(**(measures | changes)), missed, Thresholds())  # type: ignore[arg-type]
    assert all(finding.detail for finding in seen)
    return {finding.name: finding.severity for finding in seen}


@pytest.mark.parametrize(
    ("ended", "failed", "in_a_row", "severity"),
    [
        (100, 5, 0, None), (100, 6, 0, "warn"), (100, 10, 0, "warn"), (100, 11, 0, "page"), (10, 1, 1, "warn"),
        # A rate of few would be chance: what counts is whether it goes on.
        (1, 1, 1, "warn"), (9, 1, 0, None), (2, 2, 2, "page"), (0, 0, 1, "warn"), (0, 0, 2, "page"), (0, 0, 0, None),
    ],
)  # fmt: skip
def test_failures_are_judged_by_rate_or_by_row(ended: int, failed: int, in_a_row: int, severity: str | None) -> None:
    """More than 5 % warn, more than 10 % page; of fewer than ten runs the latest warns, two in a row page."""
    assert judge_failures(Thresholds().failure_rate, ended, failed, in_a_row) == severity


@pytest.mark.parametrize(
    ("seconds", "stored", "severity"),
    [(None, 0, None), (30, 100, None), (30.1, 100, "warn"), (60.1, 100, "page"), (3600, 9, "warn")],
)
def test_latency_of_a_few_batches_never_pages(seconds: float | None, stored: int, severity: str | None) -> None:
    """P95 over 30 s warns, over 60 s pages, from ten batches on."""
    assert judge_latency(Thresholds().queue_latency_seconds, seconds, stored) == severity


@pytest.mark.parametrize(("seconds", "severity"), [(120, {}), (120.1, {"ingest_lag": "page"}), (None, {})])
def test_ingest_lag_pages_at_once(seconds: float | None, severity: dict[str, str]) -> None:
    """Beyond two minutes; it never only warns."""
    assert found(ingest_lag_seconds=seconds) == severity


def test_everything_that_is_found_is_named() -> None:
    """Each job by its name, so that one alert does not hide another."""
    latency = QueueMeasure(latency_p95_seconds=40, stored_count=20, oldest_waits_seconds=1)
    measures = (a_measure(failed_count=4), a_measure(job="hourly", ended_count=1, failed_in_a_row=2))
    assert found(missed=("weekly",), jobs=measures, queues=latency, rollup_lag_seconds=700) == {
        "job_missed:weekly": "warn",
        "job_failures:nightly": "warn",
        "job_failures:hourly": "page",
        "queue_latency": "warn",
        "rollup_lag": "page",
    }


@pytest.mark.parametrize(
    ("period", "grace"), [(MINUTE, 5 * MINUTE), (10 * MINUTE, 10 * MINUTE), (HOUR, HOUR), (DAY, 2 * HOUR)]
)
def test_a_job_is_missed_after_its_period_and_grace(period: int, grace: int) -> None:
    """Not a moment before; one that never ran is expected since it is watched."""
    job, allowed = a_job(period), timedelta(seconds=period + grace)
    last, since = NOW - allowed, NOW - timedelta(days=30)
    assert not findings.is_missed(job, last, since, NOW)
    assert findings.is_missed(job, last - timedelta(seconds=1), since, NOW)
    assert not findings.is_missed(job, None, last, NOW)
    assert findings.is_missed(job, None, last - timedelta(seconds=1), NOW)


def test_missed_jobs_are_those_of_all_that_are_measured() -> None:
    """By name, in order."""
    old = NOW - timedelta(days=3)
    measured = [a_measure(job=name, last_started_at=old if name == "digest" else NOW) for name in JOBS]
    assert findings.find_missed(JOBS, measured, NOW) == ["digest"]


def test_settings_move_thresholds() -> None:
    """The one place has the defaults, and a deployment may have others."""
    assert Settings().thresholds == Thresholds()
    moved = Settings.read(
        {
            "FAILURE_RATE_WARN": "0.2", "FAILURE_RATE_PAGE": "0.4", "QUEUE_LATENCY_WARN_SECONDS": "1",
            "QUEUE_LATENCY_PAGE_SECONDS": "2", "INGEST_LAG_PAGE_SECONDS": "3", "ROLLUP_LAG_WARN_SECONDS": "4",
            "ROLLUP_LAG_PAGE_SECONDS": "5",
        }
    )  # fmt: skip
    assert moved.thresholds == Thresholds(Threshold(0.2, 0.4), Threshold(1, 2), Threshold(3, 3), Threshold(4, 5))
