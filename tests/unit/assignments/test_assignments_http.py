"""Orders of assignments over HTTP: permissions, refusals, answers, and what the store keeps about the caller."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall import errors
from rollcall.contracts.assignments import LEARNERS_MAX
from rollcall.contracts.operations import Operation
from rollcall.edge.wiring import assignments as wiring_assignments
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.flows.assignments import Assign
from rollcall.flows.operations.request import RequestOperation

from functions.admin import app
from tests.builders import ORG, USER
from tests.unit.fakes.api_gateway import Context, authorized, request
from tests.unit.operations.test_operate_flow import an_operation

pytestmark = pytest.mark.usefixtures("pseudonym")

ROUTE = "POST /api/admin/courses/{course_id}/assign"
ONE = "/api/admin/assignments/{operation_id}"
BODY = {"org_id": str(ORG), "user_ids": [str(USER)]}
COUNTS = {"total": 3, "done": 2, "assigned": 1, "already_assigned": 1, "updated": 0}


class Desk:
    """Keeps orders in memory, and answers as a test sets it."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.sent: list[str] = []
        self.known: Operation | None = None
        self.state, self.is_conflict = "done", False

    def request(self, *order: Any) -> tuple[Operation | None, bool]:
        """Write it down."""
        self.asked.append(order)
        org_id, operation_id, _, parameters, _, (requested_by, reason), _ = order
        operation = an_operation(
            org_id=org_id, operation_id=operation_id, kind="assign", parameters=parameters, requested_by=requested_by,
            reason=reason, state=self.state, counts=COUNTS,
        )  # fmt: skip
        return (None, True) if self.is_conflict else (operation, False)

    def read(self, _kind: str, operation_id: UUID, org_ids: Any) -> Operation | None:
        """Find the known one."""
        found = self.known
        return found if found and found.operation_id == operation_id and found.org_id in org_ids else None

    def cancel(self, kind: str, operation_id: UUID, org_ids: Any) -> Operation | None:
        """Cancel the known one."""
        found = self.read(kind, operation_id, org_ids)
        return found.model_copy(update={"state": "cancelled"}) if found else None


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk()
    monkeypatch.setattr(wiring_assignments, "assign", lambda: Assign(made, made.sent.append, uuid4))  # type: ignore[arg-type]
    asking = RequestOperation(made, made.sent.append, uuid4)  # type: ignore[arg-type]
    monkeypatch.setattr(wiring_operations, "request_operation", lambda: asking)
    return made


def ask(
    route: str = ROUTE,
    body: Any = None,
    *,
    key: str | None = "order-1",
    course: str = "algebra",
    operation_id: str = "",
    scopes: str = "admin:write",
    org_ids: str = str(ORG),
    subject: str = str(USER),
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Call a route of the function as API Gateway does."""
    event = request(
        route,
        authorized(subject=subject, org_ids=org_ids, scopes=scopes),
        path={"course_id": course, "operation_id": operation_id},
        headers={"idempotency-key": key} if key is not None else {},
        body=json.dumps(BODY | (body or {})),
    )
    answer = app.handler(event, Context())
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def test_a_finished_order_is_200(desk: Desk) -> None:
    """The answer has the counts and the order's address; no message is queued."""
    status, view, headers = ask(body={"due_at": "2026-12-24T00:00:00+01:00"})
    assert (status, view["state"], view["counts"], view["pending_count"]) == (200, "done", COUNTS, 0)
    assert (view["course_id"], view["due_at"]) == ("algebra", "2026-12-23T23:00:00Z")
    assert headers["Location"] == f"/api/admin/assignments/{view['operation_id']}"
    assert desk.sent == []


def test_an_unfinished_order_is_202(desk: Desk) -> None:
    """The rest of the order is queued, and the answer says so."""
    desk.state = "queued"
    status, view, _ = ask()
    assert (status, view["pending_count"]) == (202, 1)
    assert [json.loads(message)["operation_id"] for message in desk.sent] == [view["operation_id"]]


def test_the_digest_ignores_the_order_of_learners(desk: Desk) -> None:
    """Learners are a set; any other difference is another order; neither digest says what it is of."""
    named = [str(uuid4()) for _ in range(3)]
    ask(body={"user_ids": named})
    ask(body={"user_ids": [*named[::-1], named[0]]})
    for change in ({"reason": "r"}, {"due_at": "2026-12-24T00:00:00Z"}, {"user_ids": named[:2]}):
        ask(body={"user_ids": named} | change)
    ask(body={"user_ids": named}, course="other")
    digests = [order[2] for order in desk.asked]
    assert len({key for key, _ in digests}) == 1
    assert digests[0] == digests[1]
    assert len({content for _, content in digests}) == 5
    ask(key="order-2")
    assert desk.asked[-1][2][0] != digests[0][0]


def test_a_key_used_for_another_order_is_409(desk: Desk) -> None:
    """Nothing is queued."""
    desk.is_conflict, desk.state = True, "queued"
    status, problem, _ = ask()
    assert (status, problem["code"], desk.sent) == (409, "idempotency_conflict", [])


def test_the_caller_is_kept_as_a_user_id_or_a_pseudonym(desk: Desk, pseudonym: str) -> None:
    """A person is kept by id, a service by its pseudonym; an address in a reason is removed."""
    for subject, by, assigned_by in ((str(USER), str(USER), str(USER)), ("a@b.example", f"service:{pseudonym}", None)):
        ask(subject=subject, body={"reason": "for kim@example.org"})
        _, _, _, parameters, _, (requested_by, reason), _ = desk.asked[-1]
        assert (requested_by, reason, parameters.get("assigned_by")) == (by, "for [email]", assigned_by)


@pytest.mark.parametrize(
    ("change", "code"), [({"scopes": "admin:read"}, "scope_missing"), ({"org_ids": str(uuid4())}, "org_forbidden")]
)
def test_a_caller_without_permission_is_403(desk: Desk, change: dict[str, str], code: str) -> None:
    """Nothing is written."""
    status, problem, _ = ask(**change)
    assert (status, problem["code"], desk.asked) == (403, code, [])


@pytest.mark.parametrize("key", [None, "", "a b", "kim@example.org", "x" * 129, "a\n"])
def test_a_key_is_needed(desk: Desk, key: str | None) -> None:
    """Of safe characters, and not too long."""
    status, problem, _ = ask(key=key)
    assert (status, problem["code"], desk.asked) == (400, "invalid_request", [])
    assert "Idempotency-Key" in problem["detail"]


@pytest.mark.parametrize("course", ["", "x" * 129, "a\x00b", "kim@example.org"])
def test_a_course_is_named_by_a_plain_id(desk: Desk, course: str) -> None:
    """As events name it; what is refused is not repeated."""
    status, problem, _ = ask(course=course)
    assert (status, desk.asked) == (400, [])
    assert "kim" not in json.dumps(problem)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"user_ids": []}, "/user_ids"),
        ({"user_ids": [str(USER)] * (LEARNERS_MAX + 1)}, "/user_ids"),
        ({"user_ids": ["canary"]}, "/user_ids/0"),
        ({"due_at": "2026-12-24"}, "/due_at"),
        ({"reason": ""}, "/reason"),
        ({"canary": 1}, ""),
    ],
)
def test_a_fault_in_the_body_has_a_pointer(desk: Desk, change: dict[str, Any], pointer: str) -> None:
    """400 with a pointer to the fault, and without a word of the body."""
    status, problem, _ = ask(body=change)
    assert (status, [fault["pointer"] for fault in problem["errors"]], desk.asked) == (400, [pointer], [])
    assert "canary" not in json.dumps(problem)


def test_as_many_as_are_allowed_fit_the_body(desk: Desk) -> None:
    """Ten thousand ids are one order."""
    assert ask(body={"user_ids": [str(uuid4()) for _ in range(LEARNERS_MAX)]})[0] == 200
    assert len(desk.asked[0][4]) == LEARNERS_MAX


def test_an_order_is_read_and_cancelled_by_its_organisation_alone(desk: Desk) -> None:
    """Another organisation's is not there; reading asks for less than cancelling."""
    desk.known = an_operation(kind="assign", org_id=ORG, parameters={"course_id": "a"}, state="running", counts=COUNTS)
    there = {"operation_id": str(desk.known.operation_id)}
    get, cancel = f"GET {ONE}", f"POST {ONE}/cancel"
    status, view, _ = ask(get, **there, scopes="admin:read")
    assert (status, view["state"], view["pending_count"]) == (200, "running", 1)
    assert ask(cancel, **there)[1]["state"] == "cancelled"
    assert ask(cancel, **there, scopes="admin:read")[1]["code"] == "scope_missing"
    for route in (get, cancel):
        assert ask(route, **there, org_ids=str(uuid4()))[1]["code"] == errors.OperationUnknown.code
        assert ask(route, operation_id="x")[1]["code"] == errors.OperationUnknown.code


def test_no_log_line_names_a_person(desk: Desk, logged: Callable[[], str]) -> None:
    """No log line has a learner's id, the caller, the key or the reason."""
    subject, learner = str(uuid4()), str(uuid4())
    ask(body={"user_ids": [learner], "reason": "canary"}, subject=subject, key="canary-key")
    assert desk.asked
    lines = logged()
    assert "assignments requested" in lines
    for secret in (subject, learner, "canary", str(ORG)):
        assert secret not in lines
