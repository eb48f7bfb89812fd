"""Course catalogues over HTTP: who may read and set one, and what is no id."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.scrub.catalogue import CatalogueChange
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.edge.http import identity
from rollcall.edge.routes.scrub import catalogue
from rollcall.edge.runtime import clock
from rollcall.edge.wiring import scrub as wiring_scrub

from tests.builders import NOW, ORG, caller
from tests.unit.fakes.api_gateway import request
from tests.unit.ingest.test_collect_flow import KEYRING

GET, PUT = "GET /api/admin/scrub/catalogue", "PUT /api/admin/scrub/catalogue"


@dataclass
class Store:
    """Catalogues in memory."""

    ids: dict[UUID, list[str]] = field(default_factory=dict)
    changes: list[CatalogueChange] = field(default_factory=list)

    def read_catalogue(self, org_id: UUID) -> list[str]:
        """Return an organisation's ids."""
        return sorted(self.ids.get(org_id, []))

    def set_catalogue(self, org_id: UUID, ids: Sequence[str], changed_by: str, reason: str | None) -> None:
        """Replace them."""
        self.ids[org_id] = list(ids)
        change = CatalogueChange(changed_at=NOW, changed_by=changed_by, reason=reason, added=len(ids), removed=0)
        self.changes.insert(0, change)

    def list_catalogue_changes(self, org_id: UUID, limit: int) -> list[CatalogueChange]:
        """Return who changed them."""
        return self.changes[:limit]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(wiring_scrub, "catalogue_store", lambda: made)
    monkeypatch.setattr(wiring_scrub, "pseudonymiser_of", lambda org_id: Pseudonymiser(KEYRING, org_id))
    return made


def ask(route: str, body: Any = None, *, scopes: str = "admin:write", org: Any = ORG) -> tuple[int, dict[str, Any]]:
    bearer = caller(role="service", scopes=frozenset(scopes.split()))
    query = {} if body else {"org_id": str(org)}
    known = identity.context_of(bearer)
    answer = catalogue.router.answer(request(route, known, query=query, body=json.dumps(body)))
    return answer["statusCode"], json.loads(answer["body"])


def order(*ids: str, **changes: Any) -> dict[str, Any]:
    return {"org_id": str(ORG), "ids": list(ids)} | changes


def test_a_catalogue_is_set_and_read(store: Store) -> None:
    """With who did it, as a pseudonym, and why, scrubbed."""
    status, view = ask(PUT, order("daily-2026-03-10", "1.2.3.4", reason="daily lessons, says kim@school.example"))
    assert status == 200
    assert view["ids"] == ["1.2.3.4", "daily-2026-03-10"]
    assert view["changes"][0]["reason"] == "daily lessons, says [email]"
    assert ask(GET, scopes="admin:read") == (200, view)


@pytest.mark.parametrize("value", ["kim@school.example", "+441632960961", "kim%40school.example", "/home/kim/x"])
def test_what_is_plainly_personal_is_no_id(store: Store, value: str) -> None:
    """Refused with its place and its rule, and never quoted."""
    status, problem = ask(PUT, order("fine", value))
    assert status == 400
    assert [fault["pointer"] for fault in problem["errors"]] == ["/ids/1"]
    assert value not in json.dumps(problem)
    assert store.ids == {}


@pytest.mark.parametrize(
    "body", [{}, order("x" * 129), order(*["a"] * 2_001), order("a\n"), order("a", more=1), order("")]
)
def test_a_catalogue_that_cannot_be_is_refused(store: Store, body: dict[str, Any]) -> None:
    """Too many, too long, control characters, members that it has not."""
    assert ask(PUT, body or {"ids": []})[0] == 400
    assert store.ids == {}


@pytest.mark.parametrize(("route", "lesser"), [(GET, ""), (PUT, "admin:read")])
def test_a_caller_without_permission_is_403(store: Store, route: str, lesser: str) -> None:
    """Without the scope, and for another organisation."""
    other = str(uuid4())
    assert ask(route, order("a") if route == PUT else None, scopes=lesser)[1]["code"] == "scope_missing"
    status, problem = ask(route, order("a", org_id=other) if route == PUT else None, org=other)
    assert (status, problem["code"]) == (403, "org_forbidden")
    assert store.ids == {}


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        ("4111-1111-1111-1111", 400), ("4111111111111111", 400), ("123-45-6789", 400), ("415-555-2671", 400),
        ("daily-2026-03-10", 200), ("1.2.3.4", 200), ("4711000", 200), ("course-v1:Org+X+2026", 200),
    ],
)  # fmt: skip
def test_numbers_of_people_are_no_ids(store: Store, entry: str, status: int) -> None:
    """Cards, and what is grouped as a person's number is."""
    assert ask(PUT, order(entry), scopes="admin:write admin:super")[0] == status


@pytest.mark.parametrize("entry", ["emma is ill today", "Emma Müller", "unit 1"])
def test_an_id_with_a_blank_needs_admin_super(store: Store, entry: str) -> None:
    """It may be a name or a sentence."""
    assert ask(PUT, order(entry))[0] == 403
    assert ask(PUT, order(entry), scopes="admin:write admin:super")[0] == 200
