"""Builds the parts of the functions that take analytics events."""

import time
from functools import cache
from uuid import uuid4

from rollcall.domain.rate import RateLimit
from rollcall.edge import settings, wiring, wiring_scrub
from rollcall.flows.collect import Collect, CollectRules


@cache
def collect(role: str) -> Collect:
    """Return the flow that takes analytics events, with the limits of a caller of this role."""
    current = settings.current()
    limit = (
        RateLimit(current.analytics_service_rate_per_second, current.analytics_service_rate_burst)
        if role == "service"
        else RateLimit(current.analytics_rate_per_second, current.analytics_rate_burst)
    )
    return Collect(
        queue=_queue,
        receipts=wiring.receipt_store(),
        scrubbing_of=wiring_scrub.scrubbing_of,
        rules=CollectRules(current.analytics_batch_max_size, current.retention, limit),
        gauge=wiring.gauge(),
        now=wiring.now,
        monotonic=time.perf_counter,
        new_batch_id=uuid4,
    )


def _queue(message: str) -> object:
    return wiring.queues().send(settings.current().need("analytics_queue_url"), message)
