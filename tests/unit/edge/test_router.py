"""The router: it enforces the declaration of a route, always in the same order."""

import json

import pytest
from rollcall import errors
from rollcall.contracts.reports import OrganisationQuery
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import READ, SUPER, WRITE, Route
from rollcall.edge.http.router import NIL, Router

from tests.builders import ORG
from tests.unit.fakes.api_gateway import authorized, request

THING = Route("POST /things/{thing_id}", scope=WRITE, role="service", waits_for_backlog=True, query=OrganisationQuery)
NIL_TOO = Route("GET /things", scope=READ, nil_scope=SUPER, query=OrganisationQuery)
OTHER = "00000000-0000-4000-8000-000000000001"


class Gate:
    """A backlog gate that is open until a test closes it."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_closed = True

    def __call__(self) -> None:
        """Refuse while it is closed."""
        self.asked += 1
        if self.is_closed:
            raise errors.BacklogExceeded


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def router(gate: Gate) -> Router:
    made = Router(check_backlog=gate)

    @made.route(THING, NIL_TOO)
    def answer(_request: Request, query: OrganisationQuery) -> Response:
        return Response(200, json.dumps({"code": str(query.org_id)}))

    return made


def ask(router: Router, route: Route, query: dict[str, str], **context: str) -> tuple[int, str]:
    answer = router.answer(request(route.key, authorized(**{"scopes": WRITE, **context}), query=query))
    return answer["statusCode"], json.loads(answer["body"])["code"]


def test_a_request_is_checked_in_one_order(router: Router, gate: Gate) -> None:
    """Scope and role, the backlog, the query, the organisation: the first that fails is the answer."""
    assert ask(router, THING, {}, scopes=READ) == (403, "scope_missing")
    assert ask(router, THING, {}, role="learner") == (403, "role_forbidden")
    assert gate.asked == 0
    assert ask(router, THING, {}) == (503, "backlog_exceeded")
    gate.is_closed = False
    assert ask(router, THING, {}) == (400, "invalid_request")
    assert ask(router, THING, {"org_id": OTHER}) == (403, "org_forbidden")
    assert ask(router, THING, {"org_id": str(ORG)}) == (200, str(ORG))


def test_the_nil_organisation_needs_its_own_scope(router: Router) -> None:
    """And only where the route declares one."""
    assert ask(router, NIL_TOO, {"org_id": str(NIL)}) == (403, "scope_missing")
    assert ask(router, NIL_TOO, {"org_id": str(NIL)}, scopes=SUPER) == (200, str(NIL))
    assert ask(router, NIL_TOO, {"org_id": OTHER}, scopes=SUPER) == (403, "org_forbidden")


def test_a_route_that_waits_needs_a_gate() -> None:
    """A function that forgot the gate answers 500, and does not do the work."""
    router = Router()
    router.route(Route("POST /things", waits_for_backlog=True))(lambda _request: Response(200, "{}"))
    assert ask(router, Route("POST /things"), {}) == (500, "internal_error")
