"""Builds what sends to many sockets."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

from rollcall.edge import settings, wiring, wiring_live
from rollcall.flows.push import PushPage

# A call takes some milliseconds, and next to none of them are ours.
SOCKETS_AT_ONCE = 32


@cache
def push_page() -> PushPage:
    """Return the flow that sends to a page of connections."""
    pool = ThreadPoolExecutor(SOCKETS_AT_ONCE, thread_name_prefix="socket")
    return PushPage(wiring_live.connections(), wiring_live.sockets(), _queue, pool.map)


def _queue(message: str) -> object:
    return wiring.queues().send(settings.current().need("push_queue_url"), message)
