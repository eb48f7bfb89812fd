"""Builds the flow that takes progress events."""

import time
from functools import cache

from rollcall.domain.health.backpressure import AdviceLimits, LatencyGauge, WaterMarks
from rollcall.domain.ingest.attributes import AttributeRule
from rollcall.domain.ingest.rate import RateLimit
from rollcall.edge.runtime import clock, settings
from rollcall.edge.wiring import environment
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.flows.ingest.learner_ids import NameLearners
from rollcall.flows.ingest.progress import Ingest, IngestRules
from rollcall.store.ingest.analytics import AnalyticsStore
from rollcall.store.ingest.learner_keys import LearnerKeyStore
from rollcall.store.ingest.progress import ProgressStore
from rollcall.store.ingest.receipts import ReceiptStore
from rollcall.store.ingest.write_keys import WriteKeyStore


@cache
def progress_store() -> ProgressStore:
    """Return the progress store."""
    return ProgressStore(environment.database())


@cache
def receipt_store() -> ReceiptStore:
    """Return the receipt store."""
    return ReceiptStore(environment.database())


@cache
def analytics_store() -> AnalyticsStore:
    """Return the analytics store."""
    return AnalyticsStore(environment.database())


@cache
def write_key_store() -> WriteKeyStore:
    """Return the store of write keys."""
    return WriteKeyStore(environment.database())


@cache
def advice_limits() -> AdviceLimits:
    """Return the limits of advice: the load from which clients are slowed down, and how much."""
    current = settings.current()
    latency_ms, lag_ms = current.database_latency_objective_ms, 1000 * current.queue_latency_warn_seconds
    return AdviceLimits(
        latency_ms=WaterMarks(latency_ms / 2, latency_ms),
        backlog=WaterMarks(current.backlog_limit / 10, current.backlog_limit),
        ingest_lag_ms=WaterMarks(lag_ms / 6, lag_ms),
        batch_size_max=current.progress_batch_max_size,
    )


@cache
def gauge() -> LatencyGauge:
    """Return the gauge of database latency in this execution environment."""
    return LatencyGauge(settings.current().database_latency_objective_ms, advice_limits())


@cache
def ingest(role: str) -> Ingest:
    """Return the ingest flow, with the limits of a caller of this role."""
    current = settings.current()
    limit = (
        RateLimit(current.progress_service_rate_per_second, current.progress_service_rate_burst)
        if role == "service"
        else RateLimit(current.progress_rate_per_second, current.progress_rate_burst)
    )
    rules = IngestRules(
        events_max=current.progress_batch_max_size,
        retention=current.retention,
        attributes=AttributeRule(current.progress_attribute_keys),
        limit=limit,
    )
    return Ingest(
        progress_store(),
        receipt_store(),
        _spool,
        learners(),
        rules,
        gauge(),
        clock.now,
        time.perf_counter,
        wiring_scrub.catalogues().known_of,
    )


@cache
def learners() -> NameLearners:
    """Return the flow that turns organisations' own learner ids into UUIDs."""
    return NameLearners(environment.keyring, LearnerKeyStore(environment.database()))


def _spool(message: str) -> object:
    return environment.queues().send(settings.current().need("spool_queue_url"), message)
