"""Builds the parts of the functions that take analytics events."""

import time
from functools import cache
from uuid import UUID, uuid4

from rollcall.contracts.ingest.analytics import ScrubbedEvent
from rollcall.domain.ingest.flags import find_drop
from rollcall.domain.ingest.rate import RateLimit
from rollcall.edge.runtime import clock, observe, settings
from rollcall.edge.wiring import environment
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.flows.ingest.analytics import AnalyticsRules, IngestAnalytics
from rollcall.flows.ingest.flags import FlagReader, Trouble
from rollcall.flows.ingest.posthog import IngestPostHog
from rollcall.flows.ingest.segment import IngestSegment
from rollcall.flows.ingest.write_key_check import WriteKeyCheck


@cache
def ingest_analytics(role: str) -> IngestAnalytics:
    """Return the flow that takes analytics events, with the limits of a caller of this role."""
    current = settings.current()
    limit = (
        RateLimit(current.analytics_service_rate_per_second, current.analytics_service_rate_burst)
        if role == "service"
        else RateLimit(current.analytics_rate_per_second, current.analytics_rate_burst)
    )
    return IngestAnalytics(
        queue=_queue,
        receipts=wiring_ingest.receipt_store(),
        scrubbing_of=wiring_scrub.scrubbing_of,
        rules=AnalyticsRules(current.analytics_batch_max_size, current.analytics_retention, limit),
        gauge=wiring_ingest.gauge(),
        now=clock.now,
        monotonic=time.perf_counter,
        new_batch_id=uuid4,
        find_drop=_find_drop,
    )


@cache
def ingest_segment() -> IngestSegment:
    """Return the flow that takes batches in Segment's format."""
    return IngestSegment(ingest_analytics("service"), write_keys())


@cache
def ingest_posthog() -> IngestPostHog:
    """Return the flow that takes batches in PostHog's format."""
    return IngestPostHog(ingest_analytics("service"), write_keys())


@cache
def write_keys() -> WriteKeyCheck:
    """Return the check of write keys."""
    return WriteKeyCheck(wiring_ingest.write_key_store().find_write_key, time.monotonic)


@cache
def flags() -> FlagReader:
    """Return the reader of the flags."""
    return FlagReader(_read_flags, time.monotonic, _report)


def _read_flags() -> str | None:
    name = settings.current().flags_parameter
    return environment.parameters().read(name) if name else None


def _report(trouble: Trouble) -> None:
    observe.count(**{trouble: 1})
    observe.logger().warning("flags stay as they are", extra={"code": trouble})


def _find_drop(org_id: UUID, event: ScrubbedEvent) -> str | None:
    return find_drop(flags().current(), settings.current().analytics_emit, org_id, event.name, event.event_id)


def _queue(message: str) -> object:
    return environment.queues().send(settings.current().need("analytics_queue_url"), message)
