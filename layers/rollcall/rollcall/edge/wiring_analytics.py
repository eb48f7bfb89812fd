"""Builds the parts of the functions that take analytics events."""

import time
from functools import cache
from uuid import UUID, uuid4

from rollcall.contracts.analytics import ScrubbedEvent
from rollcall.domain.flags import find_drop
from rollcall.domain.scrub.policy import default_policy
from rollcall.domain.scrub.pseudonym import Keyring, Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.edge import observe, settings, wiring
from rollcall.errors import KeysUnavailable, SecretUnavailable
from rollcall.flows.check_write_key import WriteKeyCheck
from rollcall.flows.collect import Collect, CollectRules, Scrubbing
from rollcall.flows.track import Track
from rollcall.flows.watch_flags import FlagWatch, Trouble

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
def collect() -> Collect:
    """Return the flow that takes analytics events."""
    current = settings.current()
    rules = CollectRules(current.analytics_batch_max_size, current.retention)
    return Collect(_queue, scrubbing_of, rules, wiring.now, uuid4, _find_drop)


@cache
def track() -> Track:
    """Return the flow that takes batches of the Segment shape."""
    return Track(collect(), WriteKeyCheck(wiring.write_key_store().find_write_key, time.monotonic))


@cache
def flags() -> FlagWatch:
    """Return what reads the flags."""
    return FlagWatch(_read_flags, time.monotonic, _report)


def _read_flags() -> str | None:
    name = settings.current().flags_parameter
    return wiring.parameters().read(name) if name else None


def _report(trouble: Trouble) -> None:
    observe.count(**{trouble: 1})
    observe.logger().warning("flags stay as they are", extra={"code": trouble})


def _find_drop(org_id: UUID, event: ScrubbedEvent) -> str | None:
    return find_drop(flags().current(), settings.current().analytics_emit, org_id, event.name, event.event_id)


def _queue(message: str) -> object:
    return wiring.queues().send(settings.current().need("analytics_queue_url"), message)
