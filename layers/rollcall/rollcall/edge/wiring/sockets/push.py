"""Builds the flow that sends a message to many sockets."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

from rollcall.edge.runtime import settings
from rollcall.edge.wiring import environment
from rollcall.edge.wiring.sockets import tables as wiring_sockets
from rollcall.flows.sockets.push import PushPage

# Threads help: a call takes milliseconds, nearly all of them waiting for the network.
SOCKETS_AT_ONCE = 32


@cache
def push_page() -> PushPage:
    """Return the flow that sends to a page of connections."""
    pool = ThreadPoolExecutor(SOCKETS_AT_ONCE, thread_name_prefix="socket")
    return PushPage(wiring_sockets.connections(), wiring_sockets.sockets(), _queue, pool.map)


def _queue(message: str) -> object:
    return environment.queues().send(settings.current().need("push_queue_url"), message)
