"""The outage drill: PostgreSQL stops; a socket hears of it, clients are answered, and nothing is lost."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api, Sender
from tests.e2e.screenshots import Picture, watching
from tests.e2e.test_faults import outage
from tests.e2e.waiting import await_until
from workbench.stack.local import LocalStack
from workbench.stack.state import StackState

DOWN_WITHIN_SECONDS = 5  # what the drill promises
LIMIT = 50  # spooled batches beyond which destructive routes are held back: the template's default
BATCHES = LIMIT + 10


def status_of(live: Picture) -> str:
    """Return the latest status from the socket."""
    return str(live.health["status"])


def is_held_back(administrator: Sender) -> Callable[[], bool]:
    """Return what asks for a bulk assignment, and tells whether the backlog keeps it from being made."""
    order = {"org_id": str(administrator.org_ids[0]), "user_ids": [str(uuid4())]}

    def asked() -> dict[str, Any]:
        response = administrator.post(
            "/api/admin/courses/drill/assign", headers={"Idempotency-Key": str(uuid4())}, json=order
        )
        return {**response.json(), "status": response.status_code, "retry": response.headers.get("Retry-After")}

    def held_back() -> bool:
        answer = asked()
        return (answer["status"], answer.get("code")) == (503, "backlog_exceeded") and int(answer["retry"]) >= 1

    return held_back


def test_the_outage_drill(api: Api, stack: LocalStack, state: StackState, cloud: Cloud, database: Database) -> None:
    """Down within five seconds over the socket, batches answered 202, destructive work held back; then all is back.

    Accepted = stored, status returns by itself, and both changes are written down.
    """
    service = api.service(scopes=["admin:write"])
    batches = [service.events(2) for _ in range(BATCHES)]
    with watching(service) as live:
        live.await_that(lambda: status_of(live) != "down", "all is well", 90)
        with outage(stack, state, "fast"):
            stopped = time.monotonic()
            live.await_that(lambda: status_of(live) == "down", "the socket says down", DOWN_WITHIN_SECONDS)
            assert time.monotonic() - stopped <= DOWN_WITHIN_SECONDS
            assert {service.send(batch).status_code for batch in batches} == {202}
            assert service.get("/api/health").json()["status"] == "down"
            await_until(is_held_back(service), "assignments are held back", 10)
            live.await_that(lambda: live.advice.get("pause_until") is not None, "clients are advised to pause")
        live.await_that(lambda: status_of(live) != "down", "the status returns", 60)
        await_until(lambda: cloud.spooled() == 0, "the spool is empty", 60)
        await_until(lambda: not is_held_back(service)(), "assignments are made again", 10)
    database.assert_balanced(service.org_ids, [event for batch in batches for event in batch])
    changes = service.get("/api/health/transitions", limit=2).json()["transitions"]
    assert [changes[0]["previous"], changes[1]["status"]] == ["down", "down"]
