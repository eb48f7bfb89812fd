"""Administrators' routes of erasures and exports: who may, what is kept of whom, what is answered."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall import errors
from rollcall.contracts.operations import Operation, OperationRequest
from rollcall.domain.keyring import Keyring
from rollcall.domain.privacy import certificate
from rollcall.edge.wiring import privacy as wiring_privacy
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.flows.operations.request import RequestOperation

from tests.builders import ORG, USER
from tests.unit.edge.test_admin_function import ask
from tests.unit.operations.test_operate_flow import an_operation

pytestmark = pytest.mark.usefixtures("pseudonym")

PATH = "/api/admin/privacy"
KEYRING = Keyring("k1", {"k1": "a secret of thirty-two characters", "k0": "and another one of thirty-two characters"})
BODY = {"org_id": str(ORG), "user_id": str(USER), "other_ids": ["kim@example.org"], "reason": "for kim@example.org"}
KINDS = ("erase", "export")


class Fakes:
    """Operations, certificates and objects in memory."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.sent: list[str] = []
        self.found: dict[str, Any] | None = None
        self.keys: list[str] = []

    def request(self, request: OperationRequest, operation_id: UUID) -> tuple[Operation, bool]:
        """Write it down, unless one of the same learner is at work."""
        for known in self.operations:
            if known.source == request.source and not known.is_finished:
                return known, False
        made = an_operation(**request.model_dump() | {"operation_id": operation_id, "state": "queued"})
        self.operations.append(made)
        return made, True

    def read(self, kind: str, operation_id: UUID, org_ids: Any) -> Operation | None:
        """Find it."""
        found = [known for known in self.operations if known.operation_id == operation_id and known.org_id in org_ids]
        return next((known for known in found if known.kind == kind), None)

    def cancel(self, *_arguments: Any) -> Operation | None:
        """Cancel nothing."""
        return None

    def list_recent(self, kind: str, org_id: UUID, limit: int) -> list[Operation]:
        """List them."""
        return [known for known in self.operations if (known.kind, known.org_id) == (kind, org_id)][:limit]

    def certificate(self, _org_id: UUID, _operation_id: UUID) -> dict[str, Any] | None:
        """Return the certificate."""
        return self.found

    def keys_after(self, prefix: str) -> list[str]:
        """Return what there is."""
        return [key for key in self.keys if key.startswith(prefix)]

    def address(self, key: str, lasts_seconds: int) -> str:
        """Return where it is."""
        return f"https://bucket.example/{key}?expires={lasts_seconds}"

    def finish(self, kind: str) -> Operation:
        """Have one that is done."""
        operation = an_operation(kind=kind, state="done", parameters={"user_id": None})
        self.operations.append(operation)
        return operation


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Fakes:
    """Return what the routes speak to."""
    made = Fakes()
    monkeypatch.setattr(wiring_operations, "request_operation", lambda: RequestOperation(made, made.sent.append, uuid4))
    monkeypatch.setattr(wiring_operations, "archive_objects", lambda: made)
    monkeypatch.setattr(wiring_privacy, "privacy_store", lambda: made)
    monkeypatch.setattr(wiring_scrub, "keyring", lambda: KEYRING)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_asked_for_is_202_and_names_the_learner_to_nobody(fakes: Fakes, kind: str) -> None:
    """The answer has an id; what is kept is the user's id and pseudonyms, under every key, and no other identifier."""
    status, answer = ask(f"POST {PATH}/{kind}", BODY)
    assert status == 202
    assert (answer["kind"], answer["state"], answer["reason"]) == (kind, "queued", "for [email]")
    assert str(USER) not in json.dumps(answer)
    (operation,) = fakes.operations
    assert operation.parameters["user_id"] == str(USER)
    # Two identifiers and seven other spellings of the user's, under two keys, of the organisation and of the nil one.
    assert len(operation.parameters["pseudonyms"]) == 36
    assert "kim@example.org" not in operation.model_dump_json()
    assert len(fakes.sent) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_asked_twice_it_is_the_same(fakes: Fakes, kind: str) -> None:
    """The very same work at work is answered as it is; another of the same learner is 409 and names it."""
    (_, first), (_, second) = (ask(f"POST {PATH}/{kind}", BODY) for _ in range(2))
    assert first["operation_id"] == second["operation_id"]
    other = next(each for each in KINDS if each != kind)
    for route, body in ((other, BODY), (kind, BODY | {"dry_run": True})):
        status, refused = ask(f"POST {PATH}/{route}", body)
        assert (status, refused["code"]) == (409, "operation_active")
        assert first["operation_id"] in refused["detail"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("changes", "code"),
    [({"scopes": "admin:read"}, "scope_missing"), ({"org_ids": str(uuid4())}, "org_forbidden")],
)
def test_only_who_may_write_in_the_organisation(fakes: Fakes, kind: str, changes: dict[str, Any], code: str) -> None:
    """Without the scope or the organisation nothing is asked of the flow."""
    status, answer = ask(f"POST {PATH}/{kind}", BODY, **changes)
    assert (status, answer["code"]) == (403, code)
    assert fakes.operations == []


@pytest.mark.parametrize(
    "change", [{"user_id": "kim"}, {"reason": ""}, {"other_ids": ["x"] * 21}, {"other_ids": [""]}, {"more": 1}]
)
def test_what_makes_no_sense_is_refused(fakes: Fakes, change: dict[str, Any]) -> None:
    """A body that is not what the route takes is 400, and says where."""
    status, answer = ask(f"POST {PATH}/erase", BODY | change)
    assert (status, answer["code"]) == (400, "invalid_request")
    assert answer["errors"]


def test_a_certificate_is_told_with_whether_it_is_genuine(fakes: Fakes) -> None:
    """Once there is one, it comes with the erasure; one that was changed in the database is not genuine."""
    operation = fakes.finish("erase")
    path = {"operation_id": str(operation.operation_id)}
    route = f"GET {PATH}/erase/{{operation_id}}"
    assert "certificate" not in ask(route, path=path, scopes="admin:read")[1]
    fakes.found = certificate.sign({"org_id": str(ORG), "is_clean": True}, KEYRING)
    status, answer = ask(route, path=path, scopes="admin:read")
    assert (status, answer["certificate"], answer["is_genuine"]) == (200, fakes.found, True)
    fakes.found["is_clean"] = False
    assert ask(route, path=path)[1]["is_genuine"] is False


def test_an_export_is_fetched_by_who_may_write(fakes: Fakes) -> None:
    """Once it is done and while it exists; a reader does not see its address."""
    operation = fakes.finish("export")
    path, route = {"operation_id": str(operation.operation_id)}, f"GET {PATH}/export/{{operation_id}}"
    assert ask(route, path=path, scopes="admin:read")[0] == 403
    assert "download_url" not in ask(route, path=path)[1], "it has expired"
    fakes.keys = [f"exports/{ORG}/{operation.operation_id}.jsonl.gz"]
    answer = ask(route, path=path)[1]
    assert answer["download_url"] == f"https://bucket.example/{fakes.keys[0]}?expires=300"
    assert answer["download_expires_in_seconds"] == 300


@pytest.mark.parametrize(("kind", "name"), [("erase", "erasures"), ("export", "exports")])
def test_the_latest_are_listed(fakes: Fakes, kind: str, name: str) -> None:
    """Of one organisation, for its readers."""
    operation = fakes.finish(kind)
    status, answer = ask(f"GET {PATH}/{kind}", query={"org_id": str(ORG)}, scopes="admin:read")
    assert status == 200
    assert [view["operation_id"] for view in answer[name]] == [str(operation.operation_id)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_operation_that_is_none_is_404(fakes: Fakes, kind: str) -> None:
    """Also one of the other kind, and what is no id."""
    other = fakes.finish(next(each for each in KINDS if each != kind))
    for operation_id in (str(other.operation_id), str(uuid4()), "none"):
        status, answer = ask(f"GET {PATH}/{kind}/{{operation_id}}", path={"operation_id": operation_id})
        assert (status, answer["code"]) == (404, errors.OperationUnknown.code)
