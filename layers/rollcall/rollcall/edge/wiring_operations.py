"""Builds the parts of functions that ask for operations and work on them. Kinds of operations are registered here."""

import time
from functools import cache
from uuid import uuid4

from rollcall.cloud.objects import Objects
from rollcall.edge import settings, wiring, wiring_scrub
from rollcall.flows import archive, replay
from rollcall.flows.operate import Operate, Step, by_source
from rollcall.flows.request_operation import RequestOperation
from rollcall.flows.replay_analytics import apply_queued
from rollcall.flows.rescrub import Rescrub
from rollcall.store.analytics import AnalyticsStore
from rollcall.store.operations import OperationStore
from rollcall.store.progress import ProgressStore

CHUNK_TIMEOUT_SECONDS = 15  # many learners may be rebuilt in one call; it ends well within its lease


@cache
def operation_store() -> OperationStore:
    """Return the store of operations."""
    return OperationStore(wiring.database(CHUNK_TIMEOUT_SECONDS))


@cache
def request_operation() -> RequestOperation:
    """Return the flow that asks for operations."""
    return RequestOperation(operation_store(), _queue, uuid4)


def _queue(message: str) -> object:
    return wiring.queues().send(settings.current().need("operations_queue_url"), message)


@cache
def archive_objects() -> Objects:
    """Return the archive."""
    return Objects(settings.current().need("archive_bucket"))


@cache
def operate() -> Operate:
    """Return the engine, with a step for each kind of operation."""
    steps = {"replay": by_source(replay_steps()), "scrub": Rescrub(_analytics_store(), wiring_scrub.scrubbing_of)}
    return Operate(operation_store(), steps, time.monotonic, time.sleep)


def _analytics_store() -> AnalyticsStore:
    return AnalyticsStore(wiring.database(CHUNK_TIMEOUT_SECONDS))


def replay_steps() -> dict[str, Step]:
    """Return the steps of a replay, by source."""
    store = ProgressStore(wiring.database(CHUNK_TIMEOUT_SECONDS))
    retention = settings.current().retention
    spooled = replay.apply_spooled(store, wiring.now, retention)
    queued = apply_queued(_analytics_store(), wiring_scrub.scrubbing_of, wiring.now, retention)
    return {
        "events": replay.replay_events(operation_store()),
        "spool": replay.ReplayArchive(archive_objects(), archive.SPOOL, spooled),
        "dead_letters": replay.ReplayArchive(
            archive_objects(), archive.DEAD_LETTERS, replay.first_that_reads(queued, spooled)
        ),
    }
