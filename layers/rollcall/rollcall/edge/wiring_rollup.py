"""Builds the parts of the functions that roll events up."""

import time
from functools import cache

from rollcall.edge import settings, wiring
from rollcall.flows.rollup import Rollup
from rollcall.store.rollups import RollupStore

CHUNK_TIMEOUT_SECONDS = 20  # a large day that is computed again takes seconds; a chunk of events takes milliseconds


@cache
def rollup_store() -> RollupStore:
    """Return the store of rollups."""
    return RollupStore(wiring.database(CHUNK_TIMEOUT_SECONDS))


@cache
def rollup() -> Rollup:
    """Return the worker."""
    return Rollup(rollup_store(), time.monotonic)


def send(message: str) -> object:
    """Send a worker to an organisation."""
    return wiring.queues().send(settings.current().need("rollup_queue_url"), message)
