"""Builds the parts of the functions that deal with dead letters."""

from functools import cache

from rollcall.cloud.topics import Topics
from rollcall.edge.runtime import clock, settings
from rollcall.edge.wiring import environment
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.flows.dead_letters.record import RecordDeadLetters
from rollcall.flows.dead_letters.redrive import Redrive
from rollcall.flows.dead_letters.summary import FailureSummary
from rollcall.store.dead_letters.failures import FailureStore
from rollcall.store.dead_letters.letters import DeadLetterStore
from rollcall.store.dead_letters.summaries import FailureSummaryStore


@cache
def record_dead_letters() -> RecordDeadLetters:
    """Return the flow that records dead letters."""
    return RecordDeadLetters(
        wiring_operations.archive_objects(),
        failure_store(),
        wiring_scrub.scrubbing_of,
        clock.now,
    )


@cache
def dead_letter_store() -> DeadLetterStore:
    """Return the ledger of dead letters, for administrators' routes and the redrive."""
    return DeadLetterStore(environment.database(wiring_operations.CHUNK_TIMEOUT_SECONDS))


@cache
def redrive() -> Redrive:
    """Return the step that redrives dead letters."""
    return Redrive(
        dead_letter_store(),
        wiring_operations.archive_objects(),
        _send,
        wiring_scrub.scrubbing_of,
        settings.current().lifetimes,
        clock.now,
    )


def _send(queue: str, body: str, attributes: dict[str, str]) -> object:
    return environment.queues().send(settings.current().need(f"{queue}_queue_url"), body, attributes)


@cache
def digest() -> FailureSummary:
    """Return the flow that sends the failure summary to the people on call."""
    return FailureSummary(FailureSummaryStore(environment.database()), _publish, settings.current().environment)


@cache
def _topics() -> Topics:
    return Topics()


def _publish(subject: str, message: str) -> object:
    return _topics().publish(settings.current().need("digest_topic_arn"), subject, message)


@cache
def failure_store() -> FailureStore:
    """Return the ledger of dead letters, for the consumers of queues, which write it."""
    return FailureStore(environment.database())
