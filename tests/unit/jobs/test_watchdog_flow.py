"""The watchdog: what it gives up, what it measures, what it tells, and what it remembers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from rollcall.contracts.jobs.alert import Alert, Severity
from rollcall.contracts.jobs.job import JobMeasure, OverdueRun, QueueDepth, QueueMeasure
from rollcall.domain.jobs.schedule import JOBS
from rollcall.domain.jobs.thresholds import Thresholds
from rollcall.errors import QueueUnavailable, TopicUnavailable
from rollcall.flows.jobs.publish_alert import PublishAlert
from rollcall.flows.jobs.watchdog import Watchdog

from tests.builders import NOW

EMPTY = QueueDepth(waiting_count=0, in_flight_count=0, delayed_count=0)
IN_FLIGHT = QueueDepth(waiting_count=0, in_flight_count=1, delayed_count=0)


@dataclass
class Fakes:
    """A database, a queue and topics that remember."""

    depth: QueueDepth | None = EMPTY
    overdue: list[OverdueRun] = field(default_factory=list)
    measures: dict[str, dict[str, Any]] = field(default_factory=dict)
    oldest_waits_seconds: float | None = None
    alerts: dict[str, Alert] = field(default_factory=dict)
    published: list[tuple[Severity, str]] = field(default_factory=list)
    stale: list[bool] = field(default_factory=list)
    away: bool = False
    now: datetime = NOW

    def release_overdue_runs(self, times: float) -> list[OverdueRun]:
        """Give them up."""
        assert times == 3
        return self.overdue

    def measure_jobs(self, jobs: Sequence[str], _window: timedelta) -> list[JobMeasure]:
        """Measure them: well, unless something is said of one."""
        well = {"watched_since": NOW, "last_started_at": NOW, "ended_count": 20, "failed_count": 0,
                "failed_in_a_row": 0}  # fmt: skip
        return [JobMeasure.model_validate({"job": job} | well | self.measures.get(job, {})) for job in jobs]

    def measure_queues(self, _window: timedelta) -> QueueMeasure:
        """Measure them."""
        return QueueMeasure(latency_p95_seconds=None, stored_count=0, oldest_waits_seconds=self.oldest_waits_seconds)

    def rollup_lag_seconds(self) -> float | None:
        """None is behind."""
        return None

    def withdraw_stale_batches(self, _age: timedelta, _overtaken: timedelta, *, queue_is_empty: bool) -> int:
        """Note what is known of the queue."""
        self.stale.append(queue_is_empty)
        return 0

    def forget_job_runs(self, _age: timedelta) -> int:
        """Forget none."""
        return 0

    def read_alerts(self) -> list[Alert]:
        """Return the active ones."""
        return [alert for alert in self.alerts.values() if alert.cleared_at is None]

    def note_alert(self, alert: Alert) -> None:
        """Remember it."""
        self.alerts[alert.name] = alert

    def ask_depth(self) -> QueueDepth:
        """Tell the depth of the queue."""
        if self.depth is None:
            raise QueueUnavailable
        return self.depth

    def publish(self, audience: Severity, subject: str, _message: str) -> str:
        """Publish it."""
        if self.away:
            raise TopicUnavailable
        self.published.append((audience, subject))
        return "m-1"

    def watchdog(self) -> Watchdog:
        """Return the flow."""
        return Watchdog(
            store=self, analytics_depth=self.ask_depth, publishing=PublishAlert(self.publish, "prod"), jobs=JOBS,
            thresholds=Thresholds(), page_from=None, now=lambda: self.now,
        )  # fmt: skip

    def run(self) -> list[tuple[Severity, str]]:
        """Look and tell once, and return what that published."""
        before = len(self.published)
        watchdog = self.watchdog()
        watchdog.publish(watchdog.check().findings)
        return self.published[before:]


def test_all_is_well() -> None:
    """Then no alert is published."""
    assert Fakes().run() == []


def test_what_is_found_is_told_once_remembered_and_cleared() -> None:
    """The next look knows of it; five minutes after it was found last it is over."""
    fakes = Fakes(measures={"digest": {"ended_count": 1, "failed_count": 1, "failed_in_a_row": 2}})
    assert fakes.run() == [("page", "[PAGE] Rollcall prod: job_failures:digest")]
    assert fakes.run() == []
    fakes.measures = {}
    fakes.now += timedelta(minutes=5)
    assert fakes.run() == [("page", "[PAGE] Rollcall prod: over: job_failures:digest")]
    assert fakes.run() == []


def test_what_could_not_be_published_is_not_remembered() -> None:
    """So the next look tells it."""
    fakes = Fakes(measures={"digest": {"failed_in_a_row": 2, "ended_count": 1}}, away=True)
    with pytest.raises(TopicUnavailable):
        fakes.run()
    assert fakes.alerts == {}
    fakes.away = False
    assert len(fakes.run()) == 1


def test_a_job_that_did_not_run_is_found() -> None:
    """Its last start lies longer ago than its period and grace."""
    fakes = Fakes(measures={"partition": {"last_started_at": NOW - timedelta(hours=2, seconds=1)}})
    assert fakes.watchdog().check().missed == ("partition",)
    assert fakes.run() == [("warn", "[WARN] Rollcall prod: job_missed:partition")]


def test_runs_that_were_given_up_are_counted() -> None:
    """They come with the look, for the metrics."""
    overdue = OverdueRun(job="digest", run_id=uuid4(), started_at=NOW)
    assert Fakes(overdue=[overdue]).watchdog().check().overdue == (overdue,)


@pytest.mark.parametrize(
    ("depth", "told", "is_empty"),
    [(IN_FLIGHT, [("page", "[PAGE] Rollcall prod: ingest_lag")], False),
     (None, [("page", "[PAGE] Rollcall prod: ingest_lag")], False), (EMPTY, [], True)],
)  # fmt: skip
def test_a_batch_is_late_unless_its_queue_is_empty(
    depth: QueueDepth | None, told: list[tuple[str, str]], is_empty: bool
) -> None:
    """A batch that waits for an empty queue was never queued; an unreachable queue decides nothing."""
    fakes = Fakes(depth=depth, oldest_waits_seconds=121)
    assert fakes.run() == told
    assert fakes.stale == [is_empty]
