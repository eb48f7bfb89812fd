"""Administrators' routes: permissions, refusals and answers."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall import errors
from rollcall.contracts.operations import Operation, OperationRequest
from rollcall.edge.wiring.operations import requests as wiring_operations

from functions.admin import app
from functions.openapi import app as openapi
from tests.builders import ORG
from tests.template.document import Template
from tests.unit.fakes.api_gateway import Context, authorized, request
from tests.unit.operations.test_operate_flow import an_operation

pytestmark = pytest.mark.usefixtures("pseudonym")

REPLAYS = "/api/admin/offline/replay"
WINDOW = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-09T23:00:00+00:00"}


class RecordingRequests:
    """Takes what is asked for, or refuses it."""

    def __init__(self) -> None:
        self.asked: list[OperationRequest] = []
        self.known: list[Operation] = []
        self.fault: errors.RollcallError | None = None

    def request(self, request: OperationRequest) -> Operation:
        """Note it, and answer it as it would be stored."""
        if self.fault:
            raise self.fault
        self.asked.append(request)
        return an_operation(**request.model_dump(), state="queued")

    def read(self, kind: str, operation_id: UUID, org_ids: frozenset[UUID]) -> Operation:
        """Find one of these organisations."""
        for operation in self.known:
            if operation.operation_id == operation_id and operation.org_id in org_ids and operation.kind == kind:
                return operation
        raise errors.OperationUnknown

    def cancel(self, kind: str, operation_id: UUID, org_ids: frozenset[UUID]) -> Operation:
        """Answer it as cancelled."""
        return self.read(kind, operation_id, org_ids).model_copy(update={"state": "cancelled"})

    def list_recent(self, _kind: str, org_id: UUID, limit: int) -> list[Operation]:
        """Return so many."""
        return [operation for operation in self.known if operation.org_id == org_id][:limit]


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> RecordingRequests:
    recording = RecordingRequests()
    monkeypatch.setattr(wiring_operations, "request_operation", lambda: recording)
    return recording


JSON_HEADERS = {"content-type": "application/json"}


def ask(
    route: str,
    body: Any = None,
    *,
    role: str = "service",
    scopes: str = "admin:write",
    org_ids: str = str(ORG),
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    subject: str = "ops@example.org",
) -> tuple[int, dict[str, Any]]:
    """Call a route of the function as API Gateway does."""
    known = authorized(subject=subject, role=role, org_ids=org_ids, scopes=scopes)
    text = json.dumps(body) if body is not None else None
    answer = app.handler(request(route, known, path=path, query=query, headers=JSON_HEADERS, body=text), Context())
    return answer["statusCode"], json.loads(answer["body"])


def a_replay(**changes: Any) -> Operation:
    return an_operation(**{"parameters": WINDOW, "state": "running"} | changes)


def test_an_address_in_a_reason_is_not_kept(requests: RecordingRequests) -> None:
    """Only what value rules do not find is written down."""
    for reason in ("asked by kim@example.org", None):
        ask(f"POST {REPLAYS}", {"org_id": str(ORG), **WINDOW, "reason": reason})
    assert [asked.reason for asked in requests.asked] == ["asked by [email]", None]


def test_a_replay_that_is_asked_for_is_202(requests: RecordingRequests, pseudonym: str) -> None:
    """The answer has the replay's id; the flow gets the values of the body, and no address."""
    learner = uuid4()
    body = {"org_id": str(ORG), "user_id": str(learner), **WINDOW, "dry_run": True, "rate": 5, "reason": "a bad edit"}
    status, answer = ask(f"POST {REPLAYS}", body)
    assert status == 202
    assert answer["replay_id"] == answer["operation_id"]
    assert (answer["state"], answer["progress"], answer["dry_run"], answer["rate"]) == ("queued", 0, True, 5)
    assert (answer["from"], answer["user_id"]) == (WINDOW["from"], str(learner))
    (asked,) = requests.asked
    assert (asked.kind, asked.source, asked.org_id, asked.reason) == ("replay", "events", ORG, "a bad edit")
    assert asked.parameters == {
        "from": "2026-03-01T00:00:00+00:00",
        "to": "2026-03-09T23:00:00+00:00",
        "user_id": str(learner),
    }
    assert asked.requested_by == f"service:{pseudonym}"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"scopes": "admin:read"}, "scope_missing"),
        ({"scopes": ""}, "scope_missing"),
        ({"role": "learner"}, "role_forbidden"),
        ({"org_ids": str(uuid4())}, "org_forbidden"),
    ],
)
def test_a_caller_without_permission_is_403(requests: RecordingRequests, change: dict[str, Any], code: str) -> None:
    """The scope, the role and the organisation are all needed; nothing is asked of the flow."""
    status, problem = ask(f"POST {REPLAYS}", {"org_id": str(ORG), **WINDOW}, **change)
    assert (status, problem["code"]) == (403, code)
    assert requests.asked == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"org_id": "x"}, "/org_id"),
        ({"from": None}, "/from"),
        ({"to": "2026-02-01T00:00:00Z"}, "/to"),
        ({"to": "2046-02-01T00:00:00Z"}, "/to"),
        ({"to": "yesterday"}, "/to"),
        ({"source": "canary"}, "/source"),
        ({"rate": 0}, "/rate"),
        ({"dry_run": "yes"}, "/dry_run"),
        ({"reason": ""}, "/reason"),
        ({"canary": 1}, ""),
    ],
)
def test_a_fault_in_the_body_has_a_pointer(requests: RecordingRequests, change: dict[str, Any], pointer: str) -> None:
    """400 with a pointer to the fault, and without a word of the body."""
    status, problem = ask(f"POST {REPLAYS}", {"org_id": str(ORG), **WINDOW} | change)
    assert (status, problem["code"]) == (400, "invalid_request")
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]
    assert "canary" not in json.dumps(problem)
    assert requests.asked == []


@pytest.mark.parametrize(("body", "code"), [([], "invalid_body"), ("text", "invalid_body"), (None, "body_empty")])
def test_a_body_that_is_no_object_is_400(requests: RecordingRequests, body: Any, code: str) -> None:
    """The answer has no pointer."""
    status, problem = ask(f"POST {REPLAYS}", body)
    assert (status, problem["code"]) == (400, code)


def test_a_second_replay_of_the_source_is_409(requests: RecordingRequests) -> None:
    """With the first one's name in it."""
    requests.fault = errors.OperationActive("Operation 7 is running on the same source.")
    status, problem = ask(f"POST {REPLAYS}", {"org_id": str(ORG), **WINDOW})
    assert (status, problem["code"]) == (409, "operation_active")
    assert "7" in problem["detail"]


def test_a_replay_is_read_and_cancelled_by_its_organisation_alone(requests: RecordingRequests) -> None:
    """Another organisation's is not there; reading asks for less than cancelling."""
    replay = a_replay(counts={"total": 4, "done": 1})
    requests.known = [replay]
    path = {"replay_id": str(replay.operation_id)}
    one, cancel = f"GET {REPLAYS}/{{replay_id}}", f"POST {REPLAYS}/{{replay_id}}/cancel"
    status, answer = ask(one, path=path, scopes="admin:read")
    assert (status, answer["progress"], answer["counts"]) == (200, 0.25, {"total": 4, "done": 1})
    assert ask(cancel, path=path)[1]["state"] == "cancelled"
    assert ask(cancel, path=path, scopes="admin:read")[1]["code"] == "scope_missing"
    for route in (one, cancel):
        for given, org_ids in ((path, uuid4()), ({"replay_id": str(uuid4())}, ORG), ({"replay_id": "x"}, ORG)):
            status, problem = ask(route, path=given, org_ids=str(org_ids))
            assert (status, problem["code"]) == (404, "operation_unknown")


def test_the_list_is_of_one_organisation(requests: RecordingRequests) -> None:
    """The list has the requested length; the error of a wrong query names the parameter."""
    requests.known = [a_replay(), a_replay(), a_replay(org_id=uuid4())]
    route = f"GET {REPLAYS}"
    assert len(ask(route, query={"org_id": str(ORG)})[1]["replays"]) == 2
    assert len(ask(route, query={"org_id": str(ORG), "limit": "1"})[1]["replays"]) == 1
    assert ask(route, query={"org_id": str(uuid4())})[1]["code"] == "org_forbidden"
    for query, name in (
        ({"org_id": str(ORG), "limit": "0"}, "limit"),
        ({"org_id": "canary"}, "org_id"),
        ({"org_id": str(ORG), "canary": "1"}, "does not know"),
        (None, "org_id"),
    ):
        status, problem = ask(route, query=query)
        assert (status, problem["code"]) == (400, "invalid_request")
        assert name in problem["detail"]
        assert "canary" not in problem["detail"]


def test_no_log_line_names_the_caller_or_the_learner(requests: RecordingRequests, logged: Callable[[], str]) -> None:
    """Neither the caller, nor the learner, nor the reason."""
    body = {"org_id": str(ORG), "user_id": str(uuid4()), **WINDOW, "reason": "canary"}
    ask(f"POST {REPLAYS}", body)
    lines = logged()
    assert "replay requested" in lines
    for secret in (body["user_id"], str(ORG), "canary", "ops@example.org"):
        assert secret not in lines


def test_every_route_of_the_function_is_in_the_template() -> None:
    """And reaches this function."""
    template = Template.read()
    reached = {
        route["RouteKey"]
        for route in template.of("AWS::ApiGatewayV2::Route").values()
        if route["Target"] == {"Fn::Sub": "integrations/${AdminIntegration}"}
    }
    assert reached == app.router.routes.keys()


def test_methods_of_a_path_with_parameters_are_known() -> None:
    """So that another method is 405 there, and another path 404."""
    assert openapi.methods_of(REPLAYS) == ["GET", "POST"]
    assert openapi.methods_of(f"{REPLAYS}/{uuid4()}") == ["GET"]
    assert openapi.methods_of(f"{REPLAYS}/{uuid4()}/cancel") == ["POST"]
    assert openapi.methods_of(f"{REPLAYS}/") == []
