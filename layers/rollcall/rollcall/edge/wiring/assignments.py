"""Builds the flow that takes orders of assignments, and the step that continues large orders."""

from functools import cache
from uuid import uuid4

from rollcall.edge.runtime import settings
from rollcall.edge.wiring import environment
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.flows.assignments import Assign, AssignLearners
from rollcall.store.assignments import AssignmentStore


@cache
def assignment_store() -> AssignmentStore:
    """Return the store of orders of assignments."""
    return AssignmentStore(environment.database(wiring_operations.CHUNK_TIMEOUT_SECONDS))


@cache
def assign() -> Assign:
    """Return the flow that takes orders."""
    return Assign(assignment_store(), _queue, uuid4)


@cache
def assign_learners() -> AssignLearners:
    """Return the step that continues an order as an operation."""
    return AssignLearners(assignment_store())


def _queue(message: str) -> object:
    return environment.queues().send(settings.current().need("operations_queue_url"), message)
