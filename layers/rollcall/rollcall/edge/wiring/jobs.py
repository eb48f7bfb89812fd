"""Builds the watchdog: it watches jobs, queues and lags, and raises alerts."""

from functools import cache

from rollcall.cloud.topics import Topics
from rollcall.contracts.jobs.alert import Severity
from rollcall.contracts.jobs.job import QueueDepth
from rollcall.domain.jobs.schedule import JOBS
from rollcall.edge.runtime import clock, settings
from rollcall.edge.wiring import environment
from rollcall.flows.jobs.overview import DescribeJobs
from rollcall.flows.jobs.publish_alert import PublishAlert
from rollcall.flows.jobs.watchdog import Watchdog
from rollcall.store.jobs.watchdog import WatchdogStore

WATCH_TIMEOUT_SECONDS = 10  # it looks at everybody's batches
# Queues that an overview counts. Dead letters of batches stand in the ledger: their queues are emptied into it.
QUEUES = ("spool", "analytics", "rollup", "operations", "schedule_dead_letter")


@cache
def store() -> WatchdogStore:
    """Return the store of numbers about the whole deployment."""
    return WatchdogStore(environment.database(WATCH_TIMEOUT_SECONDS))


@cache
def _topics() -> Topics:
    return Topics()


@cache
def publish_alert() -> PublishAlert:
    """Return the flow that publishes alerts."""
    return PublishAlert(_publish, settings.current().environment)


def _publish(audience: Severity, subject: str, message: str) -> str:
    return _topics().publish(settings.current().need(f"{audience}_topic_arn"), subject, message)


def _depth_of(queue: str) -> QueueDepth:
    return environment.queues().depth(settings.current().need(f"{queue}_queue_url"))


@cache
def watchdog() -> Watchdog:
    """Return the flow of the watchdog."""
    current = settings.current()
    return Watchdog(
        store=store(),
        analytics_depth=lambda: _depth_of("analytics") + _depth_of("analytics_dead_letter"),
        publishing=publish_alert(),
        jobs=JOBS,
        thresholds=current.thresholds,
        page_from=current.page_from,
        now=clock.now,
    )


@cache
def describe_jobs() -> DescribeJobs:
    """Return the flow that describes jobs."""
    return DescribeJobs(store(), QUEUES, _depth_of, JOBS, settings.current().page_from, clock.now)
