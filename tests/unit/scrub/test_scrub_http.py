"""Previews, policies and runs over HTTP: scopes and answers."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.operations import Operation, OperationRequest
from rollcall.contracts.scrub.policy import PolicyAdditions
from rollcall.domain.scrub.policy import Policy, default_policy, policy_with
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.edge.http import identity
from rollcall.edge.runtime import clock
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.errors import OperationActive
from rollcall.flows.scrub.events import Scrubbing
from rollcall.flows.scrub.policies import Policies

from functions.admin import app
from tests.builders import NOW, ORG, caller
from tests.unit.fakes.api_gateway import request
from tests.unit.ingest.test_collect_flow import KEYRING

CANARY = "kim.canary@school.example"


@dataclass
class Fakes:
    """Parameters, and what was asked for."""

    parameters: dict[str, str] = field(default_factory=dict)
    requested: list[OperationRequest] = field(default_factory=list)
    active_days: set[str] = field(default_factory=set)

    def request(self, request: OperationRequest) -> Operation:
        """Take a request, unless its day is worked on already."""
        if request.source in self.active_days:
            raise OperationActive
        self.requested.append(request)
        return Operation(**request.model_dump(), operation_id=uuid4(), state="queued", requested_at=NOW)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Fakes:
    made = Fakes()
    policies = Policies(made.parameters.get, "/policies", lambda: 0.0)

    def scrubbing_of(org_id: UUID, policy: Policy | None = None) -> Scrubbing:
        pseudonymiser, applied = Pseudonymiser(KEYRING, org_id), policy or policies.policy_of(org_id)
        return Scrubbing(Scrubber(applied, pseudonymiser), pseudonymiser, applied)

    def write_policy(org_id: UUID, text: str) -> None:
        made.parameters[policies.name_of(org_id)] = text

    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(wiring_scrub, "scrubbing_of", scrubbing_of)
    monkeypatch.setattr(wiring_scrub, "policies", lambda: policies)
    monkeypatch.setattr(wiring_scrub, "write_policy", write_policy)
    monkeypatch.setattr(wiring_operations, "request_operation", lambda: made)
    return made


def ask(
    route: str, body: Any = None, *, scopes: str = "admin:super", query: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    bearer = caller(role="service", scopes=frozenset(scopes.split()))
    known = identity.context_of(bearer)
    answer = app.router.answer(request(route, known, query=query or {}, body=json.dumps(body)))
    return answer["statusCode"], json.loads(answer["body"])


PRESETS = "GET /api/admin/scrub/presets"
PREVIEW, POLICY, SET, RUNS = (
    "POST /api/admin/scrub/preview",
    "GET /api/admin/scrub/policy",
    "PUT /api/admin/scrub/policy",
    "POST /api/admin/scrub/runs",
)


def sample(**changes: Any) -> dict[str, Any]:
    return {"org_id": str(ORG), "name": "lesson_viewed", "properties": {"lesson_id": "a", "email": CANARY}} | changes


def days(first: str = "2026-03-01", last: str = "2026-03-03") -> dict[str, Any]:
    return {"org_id": str(ORG), "first_day": first, "last_day": last}


def test_a_preview_shows_what_would_be_kept(fakes: Fakes) -> None:
    """Kept, changed and noted; what goes is not repeated."""
    status, preview = ask(PREVIEW, sample(), scopes="admin:read")
    assert status == 200
    assert preview["kept"] == {"name": "lesson_viewed", "properties": {"lesson_id": "a"}}
    assert preview["changes"] == [{"pointer": "/properties/email", "change": "removed"}]
    assert [remark["action"] for remark in preview["remarks"]] == ["remove"]
    assert preview["policy_version"] == default_policy().version
    assert "rejected" not in preview
    assert CANARY not in json.dumps(preview)


def test_a_preview_tries_additions_before_they_are_set(fakes: Fakes) -> None:
    """And sets nothing."""
    status, preview = ask(PREVIEW, sample(policy={"drop": ["lesson_id"]}))
    assert status == 200
    assert preview["kept"]["properties"] == {}
    assert fakes.parameters == {}


def test_a_preview_tells_that_an_event_would_be_rejected(fakes: Fakes) -> None:
    """By a policy that refuses its name."""
    status, preview = ask(PREVIEW, sample(policy={"refuse_events": ["lesson_viewed"]}))
    assert (status, preview["rejected"], preview["kept"]) == (200, "event_refused", {})


def test_a_selector_of_nothing_that_is_declared_is_named_in_the_answer(fakes: Fakes) -> None:
    """As it is set, and whenever it is read."""
    asked = {"org_id": str(ORG), "additions": {"drop": ["lesson_id", "nothing_such"]}}
    status, view = ask(SET, asked, scopes="admin:write")
    assert (status, view["unmatched"]) == (200, ["nothing_such"])
    assert ask(POLICY, query={"org_id": str(ORG)}, scopes="admin:read") == (200, view)


def test_a_policy_is_set_and_read(fakes: Fakes) -> None:
    """Stricter additions are for admin:write, and hold from then on."""
    status, view = ask(SET, {"org_id": str(ORG), "additions": {"drop": ["lesson_id"]}}, scopes="admin:write")
    assert status == 200
    assert view["version"] == policy_with(PolicyAdditions(drop=("lesson_id",))).version
    assert ask(POLICY, query={"org_id": str(ORG)}, scopes="admin:read") == (200, view)
    assert ask(PREVIEW, sample())[1]["kept"]["properties"] == {}


@pytest.mark.parametrize(
    "additions",
    [
        {"declare": {"diary_written": {"text": "token"}}},
        {"declare_everywhere": {"nickname": "token"}},
        {"disable_rules": ["@email"]},
        {"route_words": ["fractions"]},
        {"presets": ["moodle"]},
    ],
)
def test_a_laxer_policy_needs_admin_super(fakes: Fakes, additions: dict[str, Any]) -> None:
    """An organisation can be stricter than the default, never laxer by itself."""
    body = {"org_id": str(ORG), "additions": additions}
    status, problem = ask(SET, body, scopes="admin:write admin:breakglass")
    assert (status, problem["code"]) == (403, "scope_missing")
    assert fakes.parameters == {}
    assert ask(SET, body, scopes="admin:super")[0] == 200


WRITE, ABOVE = "admin:write admin:breakglass", "admin:super"
RESTRICTED = {"drop": ["lesson_id"], "refuse_events": ["page"], "personal_keys": ["house"], "mask": ["score"]}


@pytest.mark.parametrize(
    ("set_by", "undone_by", "status"),
    [(ABOVE, WRITE, 403), (ABOVE, ABOVE, 200), (WRITE, WRITE, 200), (WRITE, ABOVE, 200)],
)
@pytest.mark.parametrize("left", [{}, {"drop": ["lesson_id"]}, RESTRICTED | {"mask": [], "pseudonymise": []}])
def test_who_restricted_decides_who_takes_it_back(
    fakes: Fakes, set_by: str, undone_by: str, status: int, left: dict[str, Any]
) -> None:
    """All of it or a part; a refusal leaves the policy as it was."""
    assert ask(SET, {"org_id": str(ORG), "additions": RESTRICTED}, scopes=set_by)[0] == 200
    before = dict(fakes.parameters)
    answered, problem = ask(SET, {"org_id": str(ORG), "additions": left}, scopes=undone_by)
    assert answered == status
    if status == 403:
        assert problem["code"] == "scope_missing"
        assert fakes.parameters == before


def test_what_is_held_stays_held_through_what_others_set(fakes: Fakes) -> None:
    """An administrator adds to it and takes that back, and never more."""
    more = RESTRICTED | {"drop": ["lesson_id", "percent"]}
    for additions, scopes, status in [
        (RESTRICTED, ABOVE, 200), (more, WRITE, 200), (RESTRICTED, WRITE, 200), (more, WRITE, 200), ({}, WRITE, 403),
        (more, ABOVE, 200), (RESTRICTED, WRITE, 403), (RESTRICTED, ABOVE, 200), (RESTRICTED, WRITE, 200),
        ({}, ABOVE, 200),
    ]:  # fmt: skip
        assert ask(SET, {"org_id": str(ORG), "additions": additions}, scopes=scopes)[0] == status
    assert "retractable" not in ask(POLICY, query={"org_id": str(ORG)})[1]["additions"]


def test_presets_are_listed_and_tried_before_they_are_turned_on(fakes: Fakes) -> None:
    """What a preview with one keeps is what the policy keeps once it is on."""
    status, listed = ask(PRESETS, scopes="admin:read")
    assert status == 200
    assert {"xapi", "open_edx", "h5p"} <= {preset["name"] for preset in listed["presets"]}
    event = {"name": "http://adlnet.gov/expapi/verbs/completed", "properties": {"result": {"score": {"scaled": 0.5}}}}
    tried = ask(PREVIEW, sample(**event, policy={"presets": ["xapi"]}))[1]
    assert tried["kept"] == event
    assert ask(PREVIEW, sample(**event))[1]["kept"]["properties"] == {}
    body = {"org_id": str(ORG), "additions": {"presets": ["xapi"]}}
    assert ask(SET, body, scopes=WRITE)[0] == 403
    assert ask(SET, body)[0] == 200
    assert ask(PREVIEW, sample(**event))[1] == tried


@pytest.mark.parametrize("additions", [{"disable_rules": ["@nobody"]}, {"drop": ["a" * 200]}, {"unknown": 1}, []])
def test_a_policy_that_cannot_be_is_refused_and_the_old_one_stays(fakes: Fakes, additions: Any) -> None:
    """400 with what is wrong."""
    ask(SET, {"org_id": str(ORG), "additions": {"drop": ["score"]}})
    before = dict(fakes.parameters)
    assert ask(SET, {"org_id": str(ORG), "additions": additions})[0] == 400
    assert fakes.parameters == before


def test_a_run_is_an_operation_a_day(fakes: Fakes) -> None:
    """Both ends included."""
    status, view = ask(RUNS, days() | {"dry_run": True, "reason": "stricter"}, scopes="admin:write")
    assert status == 202
    assert [operation["source"] for operation in view["operations"]] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert {request.is_dry_run for request in fakes.requested} == {True}
    assert {request.kind for request in fakes.requested} == {"scrub"}


def test_a_day_that_is_worked_on_is_left_to_that(fakes: Fakes) -> None:
    """The others are asked for; 409 when there is none."""
    fakes.active_days = {"2026-03-02"}
    assert [one["source"] for one in ask(RUNS, days())[1]["operations"]] == ["2026-03-01", "2026-03-03"]
    assert ask(RUNS, days("2026-03-02", "2026-03-02"))[0] == 409


@pytest.mark.parametrize("window", [("2026-03-02", "2026-03-01"), ("2026-01-01", "2026-03-01"), ("x", "2026-03-01")])
def test_a_window_that_is_none_is_refused(fakes: Fakes, window: tuple[str, str]) -> None:
    """400; nothing is asked for."""
    assert ask(RUNS, days(*window))[0] == 400
    assert fakes.requested == []


@pytest.mark.parametrize(
    ("route", "body", "query", "needed"),
    [
        (PREVIEW, sample(), {}, "admin:read"),
        (POLICY, None, {"org_id": str(ORG)}, "admin:read"),
        (SET, {"org_id": str(ORG), "additions": {}}, {}, "admin:write"),
        (RUNS, days(), {}, "admin:write"),
    ],
)
def test_a_caller_without_permission_is_403(
    fakes: Fakes, route: str, body: Any, query: dict[str, str], needed: str
) -> None:
    """Without the scope, and for another organisation."""
    lesser = "admin:read" if needed == "admin:write" else ""
    assert ask(route, body, query=query, scopes=lesser)[1]["code"] == "scope_missing"
    other = str(uuid4())
    foreign = body | {"org_id": other} if body else None
    status, problem = ask(route, foreign, query={"org_id": other} if query else {})
    assert (status, problem["code"]) == (403, "org_forbidden")
    assert fakes.parameters == {}
    assert fakes.requested == []
