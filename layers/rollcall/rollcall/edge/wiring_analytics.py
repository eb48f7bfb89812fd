"""Builds the parts of the functions that take analytics events."""

import time
from functools import cache
from uuid import UUID, uuid4

from rollcall.domain.rate import RateLimit
from rollcall.domain.scrub.policy import default_policy
from rollcall.domain.scrub.pseudonym import Keyring, Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.edge import settings, wiring
from rollcall.errors import KeysUnavailable, SecretUnavailable
from rollcall.flows.collect import Collect, CollectRules
from rollcall.flows.scrub import Scrubbing

KEYRING_SECONDS = 300  # how long a rotated pseudonym key may go unnoticed


def keyring() -> Keyring:
    """Return the keys that pseudonyms are made with; raises KeysUnavailable."""
    try:
        text = wiring.secrets().read(settings.current().need("pseudonym_secret_arn"), KEYRING_SECONDS)
    except SecretUnavailable as fault:
        raise KeysUnavailable from fault
    return Keyring.read(text)


def scrubbing_of(org_id: UUID) -> Scrubbing:
    """Return what an organisation's events are scrubbed with."""
    pseudonymiser, policy = Pseudonymiser(keyring(), org_id), default_policy()
    return Scrubbing(Scrubber(policy, pseudonymiser), pseudonymiser, policy.version)


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
        scrubbing_of=scrubbing_of,
        rules=CollectRules(current.analytics_batch_max_size, current.retention, limit),
        gauge=wiring.gauge(),
        now=wiring.now,
        monotonic=time.perf_counter,
        new_batch_id=uuid4,
    )


def _queue(message: str) -> object:
    return wiring.queues().send(settings.current().need("analytics_queue_url"), message)
