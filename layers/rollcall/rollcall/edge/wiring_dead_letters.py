"""Builds the parts of the functions that deal with dead letters."""

from functools import cache

from rollcall.cloud.topics import Topics
from rollcall.edge import settings, wiring, wiring_operations, wiring_scrub
from rollcall.flows.bury import Bury
from rollcall.flows.digest import Digest
from rollcall.flows.redrive import Redrive
from rollcall.store.dead_letters import DeadLetterStore
from rollcall.store.digests import DigestStore


@cache
def bury() -> Bury:
    """Return the flow that buries."""
    return Bury(wiring_operations.archive_objects(), wiring.burial_store(), wiring_scrub.scrubbing_of, wiring.now)


@cache
def dead_letter_store() -> DeadLetterStore:
    """Return the ledger of dead letters, as people see it."""
    return DeadLetterStore(wiring.database(wiring_operations.CHUNK_TIMEOUT_SECONDS))


@cache
def redrive() -> Redrive:
    """Return the step that redrives."""
    return Redrive(
        dead_letter_store(),
        wiring_operations.archive_objects(),
        _send,
        wiring_scrub.scrubbing_of,
        settings.current().lifetimes,
        wiring.now,
    )


def _send(queue: str, body: str, attributes: dict[str, str]) -> object:
    return wiring.queues().send(settings.current().need(f"{queue}_queue_url"), body, attributes)


@cache
def digest() -> Digest:
    """Return the flow that tells the people on call."""
    return Digest(DigestStore(wiring.database()), _publish, settings.current().environment)


@cache
def _topics() -> Topics:
    return Topics()


def _publish(subject: str, message: str) -> object:
    return _topics().publish(settings.current().need("digest_topic_arn"), subject, message)
