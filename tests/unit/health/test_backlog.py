"""Routes that wait until a backlog has drained: which they are, and what they answer."""

import json

import pytest
from rollcall import errors
from rollcall.contracts.jobs.job import QueueDepth
from rollcall.flows.health.backlog_gate import RETRY_SECONDS, BacklogGate

from functions.admin import app
from functions.openapi import app as openapi
from tests.unit.conftest import Spool
from tests.unit.edge.test_admin_function import ask
from tests.unit.fakes.api_gateway import Context, authorized, request

pytestmark = pytest.mark.usefixtures("pseudonym")

# What people on call need to get out of a backlog, or that neither destroys nor adds to the load.
GOES_ON = {
    "POST /api/admin/assignments/{operation_id}/cancel",
    "POST /api/admin/dead-letters/redrive",
    "POST /api/admin/dead-letters/redrive/{operation_id}/cancel",
    "POST /api/admin/offline/replay",
    "POST /api/admin/offline/replay/{replay_id}/cancel",
    "POST /api/admin/learner-ids",
    "POST /api/admin/privacy/export",
    "POST /api/admin/purge/{purge_id}/cancel",
    "POST /api/admin/rollups/rebuilds/{operation_id}/cancel",
    "POST /api/admin/scrub/preview",
    "POST /api/admin/snapshots/verify",
    "POST /api/admin/write-keys",
    "POST /api/admin/write-keys/{write_key_id}/revoke",
    "POST /api/admin/write-keys/{write_key_id}/rotate",
    "POST /api/jobs/test-alert",
    "PUT /api/admin/scrub/catalogue",
    "PUT /api/admin/scrub/policy",
}
WAITING = {key: endpoint.route.scope for key, endpoint in app.router.routes.items() if endpoint.route.waits_for_backlog}
PATH = {"course_id": "algebra"}


def spooled(waiting: int = 0, in_flight: int = 0, delayed: int = 0) -> QueueDepth:
    return QueueDepth(waiting_count=waiting, in_flight_count=in_flight, delayed_count=delayed)


def test_every_route_that_changes_anything_waits_or_is_listed_here() -> None:
    """A new route needs a decision: it waits for the backlog, or it joins this list."""
    changing = {route for route in app.router.routes if not route.startswith("GET ")}
    assert changing == GOES_ON | WAITING.keys()
    assert not GOES_ON & WAITING.keys()


@pytest.mark.parametrize("route", WAITING)
def test_a_route_of_the_list_waits_for_the_backlog(spool: Spool, route: str) -> None:
    """503 with Retry-After while more is spooled than the limit allows, whatever the body says; else it goes on."""
    spool.depth = spooled(waiting=1, in_flight=2, delayed=1)
    event = request(route, authorized(org_ids="", scopes="admin:super"), path=PATH, body="nonsense")
    held = app.handler(event, Context())
    assert (held["statusCode"], json.loads(held["body"])["code"]) == (503, "backlog_exceeded")
    assert held["headers"]["Retry-After"] == str(RETRY_SECONDS)
    spool.depth = spooled(waiting=3)
    assert app.handler(event, Context())["statusCode"] == 400


@pytest.mark.parametrize(("route", "scope"), WAITING.items())
def test_who_may_not_do_it_learns_nothing_of_the_backlog(spool: Spool, route: str, scope: str) -> None:
    """403 comes first, and the queue is not asked."""
    spool.depth = spooled(waiting=1_000)
    lesser = {"admin:write": "admin:read", "admin:breakglass": "admin:write"}[scope]
    status, problem = ask(route, {}, scopes=lesser, path=PATH)
    assert (status, problem["code"], spool.asked) == (403, "scope_missing", 0)


def test_what_nobody_can_count_is_not_let_through(spool: Spool) -> None:
    """A queue that is away is its own 503."""
    spool.fault = errors.QueueUnavailable()
    assert ask("POST /api/admin/purge", {}, scopes="admin:breakglass")[1]["code"] == "queue_unavailable"


def test_the_queue_is_asked_once_a_second() -> None:
    """However many ask; each of them gets the count of that second."""
    spool, clock = Spool(), [0.0]
    spool.depth = spooled(waiting=5)
    gate = BacklogGate(spool, 4, lambda: clock[0])
    for _ in range(3):
        with pytest.raises(errors.BacklogExceeded, match="5 spooled batches"):
            gate.check()
    assert spool.asked == 1
    spool.depth, clock[0] = spooled(waiting=4), 1.1
    gate.check()
    assert (spool.asked, gate.backlog()) == (2, 4)


def test_the_description_names_the_refusal() -> None:
    """Each held route's 503 says so, with Retry-After; no other does."""
    paths = json.loads(openapi.document())["paths"]
    named = {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method, described in methods.items()
        if "backlog_exceeded" in described["responses"].get("503", {}).get("description", "")
    }
    assert named == WAITING.keys()
    for key in named:
        method, path = key.split()
        assert "Retry-After" in paths[path][method.lower()]["responses"]["503"]["headers"]
