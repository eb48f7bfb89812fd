"""Builds the flow that requests operations, the archive, and the backlog gate."""

import time
from functools import cache
from uuid import uuid4

from rollcall.cloud.objects import Objects
from rollcall.edge.runtime import settings
from rollcall.edge.wiring import environment
from rollcall.flows.health.backlog_gate import BacklogGate
from rollcall.flows.operations.request import RequestOperation
from rollcall.store.operations import OperationStore

CHUNK_TIMEOUT_SECONDS = 15  # one call may rebuild many learners; it ends well within its lease


@cache
def operation_store() -> OperationStore:
    """Return the store of operations."""
    return OperationStore(environment.database(CHUNK_TIMEOUT_SECONDS))


@cache
def request_operation() -> RequestOperation:
    """Return the flow that requests, reads and cancels operations."""
    return RequestOperation(operation_store(), _queue, uuid4)


def _queue(message: str) -> object:
    return environment.queues().send(settings.current().need("operations_queue_url"), message)


@cache
def archive_objects() -> Objects:
    """Return the archive."""
    return Objects(settings.current().need("archive_bucket"))


@cache
def backlog_gate() -> BacklogGate:
    """Return the gate that holds requests back until a backlog has drained."""
    current = settings.current()
    spool_url = current.need("spool_queue_url")
    return BacklogGate(lambda: environment.queues().depth(spool_url), current.backlog_limit, time.monotonic)
