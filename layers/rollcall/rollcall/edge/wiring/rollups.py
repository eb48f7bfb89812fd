"""Builds the parts of the functions that roll events up."""

import time
from functools import cache

from rollcall.edge.runtime import settings
from rollcall.edge.wiring import environment
from rollcall.flows.rollups import Rollup
from rollcall.store.rollups.rollups import RollupStore

CHUNK_TIMEOUT_SECONDS = 20  # computing a large day again takes seconds; a chunk of events takes milliseconds


@cache
def rollup_store() -> RollupStore:
    """Return the store of rollups."""
    return RollupStore(environment.database(CHUNK_TIMEOUT_SECONDS))


@cache
def rollup() -> Rollup:
    """Return the rollup worker."""
    return Rollup(rollup_store(), time.monotonic)


def send(message: str) -> object:
    """Queue a worker for an organisation."""
    return environment.queues().send(settings.current().need("rollup_queue_url"), message)
