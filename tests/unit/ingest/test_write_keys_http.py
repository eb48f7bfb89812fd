"""Write keys over HTTP: who may, what is refused, what is answered once, and what is kept of who asked."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.write_key import WriteKey
from rollcall.domain.ingest import write_key
from rollcall.edge.wiring.ingest import write_keys as wiring_write_keys
from rollcall.flows.ingest.write_keys import KeepWriteKeys

from functions.admin import app
from tests.builders import ORG, USER
from tests.unit.fakes.api_gateway import Context, authorized, request

pytestmark = pytest.mark.usefixtures("pseudonym")

KEYS = "/api/admin/write-keys"
CREATE, LIST = f"POST {KEYS}", f"GET {KEYS}"
ROTATE, REVOKE = (f"POST {KEYS}/{{write_key_id}}/{what}" for what in ("rotate", "revoke"))
WRITING = [CREATE, ROTATE, REVOKE]
NOW = datetime(2026, 11, 30, tzinfo=UTC)
SECRET = "s" * 43


class Shelf:
    """Keeps write keys in memory, as the procedures do."""

    def __init__(self) -> None:
        self.kept: dict[UUID, WriteKey] = {}
        self.digests: dict[UUID, bytes] = {}
        self.is_full = False

    def create_write_key(
        self, _org_id: UUID, write_key_id: UUID, secret_digest: bytes, label: str, created_by: str
    ) -> WriteKey | None:
        """Keep a new key."""
        if self.is_full:
            return None
        self.digests[write_key_id] = secret_digest
        self.kept[write_key_id] = WriteKey(
            write_key_id=write_key_id, label=label, created_by=created_by, created_at=NOW, expires_at=None,
            replaces_id=None, revoked_at=None, revoked_by=None, last_used_at=None,
        )  # fmt: skip
        return self.kept[write_key_id]

    def rotate_write_key(
        self, org_id: UUID, write_key_id: UUID, new: tuple[UUID, bytes], created_by: str, overlap_seconds: int
    ) -> tuple[WriteKey | None, WriteKey | None]:
        """Make a key in the place of another."""
        old = self.kept.get(write_key_id)
        if old is None or old.revoked_at or old.expires_at:
            return None, old
        made = self.create_write_key(org_id, *new, old.label, created_by)
        ends = {"expires_at": NOW + timedelta(seconds=overlap_seconds)}
        self.kept[write_key_id] = old.model_copy(update=ends)
        return made and made.model_copy(update={"replaces_id": write_key_id}), self.kept[write_key_id]

    def list_write_keys(self, _org_id: UUID) -> list[WriteKey]:
        """Return them."""
        return list(self.kept.values())

    def revoke_write_key(self, _org_id: UUID, write_key_id: UUID, revoked_by: str) -> WriteKey | None:
        """End a key."""
        if write_key_id in self.kept:
            ends = {"revoked_at": NOW, "revoked_by": revoked_by}
            self.kept[write_key_id] = self.kept[write_key_id].model_copy(update=ends)
        return self.kept.get(write_key_id)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    made = Shelf()
    flow = KeepWriteKeys(made, uuid4, lambda: SECRET)
    monkeypatch.setattr(wiring_write_keys, "keep_write_keys", lambda: flow)
    return made


def ask(
    route: str,
    body: dict[str, Any] | None = None,
    *,
    write_key_id: str = "",
    scopes: str = "admin:write",
    org_ids: str = str(ORG),
    subject: str = str(USER),
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Call a route of the function as API Gateway does."""
    event = request(
        route,
        authorized(subject=subject, org_ids=org_ids, scopes=scopes),
        path={"write_key_id": write_key_id},
        query={"org_id": str(ORG)} if route == LIST else {},
        body=json.dumps({"org_id": str(ORG)} | (body or {})),
    )
    answer = app.handler(event, Context())
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def test_a_secret_is_answered_once(shelf: Shelf) -> None:
    """With the key that was made, to be kept by no cache; the list and the store know its digest alone."""
    status, made, headers = ask(CREATE, {"label": "website"})
    assert (status, made["label"], made["created_by"]) == (201, "website", str(USER))
    assert headers["Cache-Control"] == "no-store"
    presented = write_key.read(made["write_key"])
    assert presented is not None
    assert presented.org_id == ORG
    assert list(shelf.digests.values()) == [presented.secret_digest]
    status, listed, _ = ask(LIST, scopes="admin:read")
    assert status == 200
    assert SECRET not in json.dumps(listed)
    assert [key["write_key_id"] for key in listed["write_keys"]] == [made["write_key_id"]]


def test_a_rotation_answers_both_keys(shelf: Shelf) -> None:
    """The new one with its secret, the old one with its end: after a week unless it is said."""
    _, old, _ = ask(CREATE)
    status, made, _ = ask(ROTATE, write_key_id=old["write_key_id"])
    assert (status, made["replaces_id"], made["replaced"]["write_key_id"]) == (201, *[old["write_key_id"]] * 2)
    assert made["replaced"]["expires_at"] == "2026-12-07T00:00:00Z"
    assert "write_key" not in made["replaced"]
    assert (ask(ROTATE, write_key_id=old["write_key_id"])[1]["code"]) == "write_key_ended"
    _, newest, _ = ask(ROTATE, {"overlap_seconds": 0}, write_key_id=made["write_key_id"])
    assert newest["replaced"]["expires_at"] == "2026-11-30T00:00:00Z"
    assert len(shelf.kept) == 3


def test_a_key_is_revoked_twice_as_once(shelf: Shelf) -> None:
    """And named by any spelling of its id."""
    _, made, _ = ask(CREATE)
    first = ask(REVOKE, write_key_id=made["write_key_id"])
    assert (first[0], first[1]["revoked_by"]) == (200, str(USER))
    assert ask(REVOKE, write_key_id=made["write_key_id"].upper())[:2] == first[:2]
    assert len(shelf.kept) == 1


def test_who_asked_is_a_pseudonym_unless_a_uuid(shelf: Shelf, pseudonym: str) -> None:
    """A subject may be somebody's address."""
    ask(CREATE, subject="kim@school.example")
    assert [key.created_by for key in shelf.list_write_keys(ORG)] == [f"service:{pseudonym}"]


@pytest.mark.parametrize(
    ("label", "leak"),
    [
        ("for kim@school.example", "kim"),
        ("call +44 1632 960961", "960961"),
        ("card 4111 1111 1111 1111", "1111"),
        ("https://u:hunter2@school.example/x", "hunter2"),
    ],
)
def test_labels_are_scrubbed(shelf: Shelf, label: str, leak: str) -> None:
    """What value rules find goes; what they do not, stays as it is."""
    _, made, _ = ask(CREATE, {"label": label})
    assert leak not in made["label"]
    assert leak not in json.dumps([key.label for key in shelf.list_write_keys(ORG)])


@pytest.mark.parametrize("label", ["website", "Kiosk 7", "mobile/android", "v2 - büro"])
def test_harmless_labels_stay(shelf: Shelf, label: str) -> None:
    """The other sign."""
    assert ask(CREATE, {"label": label})[1]["label"] == label
    assert len(shelf.kept) == 1


@pytest.mark.parametrize("route", [*WRITING, LIST])
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"scopes": "admin"}, "scope_missing"),
        ({"org_ids": str(uuid4())}, "org_forbidden"),
    ],
)
def test_who_may_not(shelf: Shelf, route: str, asked: dict[str, Any], code: str) -> None:
    """Another organisation's administrators and tokens without the scope: nothing is done."""
    status, problem, _ = ask(route, write_key_id=str(uuid4()), **asked)
    assert (status, problem["code"]) == (403, code)
    assert not shelf.kept


@pytest.mark.parametrize("route", WRITING)
def test_a_reader_changes_nothing(shelf: Shelf, route: str) -> None:
    """It may list them."""
    assert ask(route, write_key_id=str(uuid4()), scopes="admin:read")[1]["code"] == "scope_missing"
    assert ask(LIST, scopes="admin:read")[0] == 200
    assert not shelf.kept


@pytest.mark.parametrize("route", [ROTATE, REVOKE])
@pytest.mark.parametrize("write_key_id", [str(uuid4()), "7", "", "x" * 2_000, "\x00"])
def test_an_unknown_key_is_404(shelf: Shelf, route: str, write_key_id: str) -> None:
    """Whatever stands where its id should."""
    status, problem, _ = ask(route, write_key_id=write_key_id)
    assert (status, problem["code"], len(shelf.kept)) == (404, "write_key_unknown", 0)


@pytest.mark.parametrize(
    ("route", "body"),
    [
        (CREATE, {"label": ""}),
        (CREATE, {"label": "x" * 129}),
        (CREATE, {"label": "a\x00b"}),
        (CREATE, {"label": 7}),
        (CREATE, {"name": "website"}),
        (CREATE, {"org_id": "mine"}),
        (ROTATE, {"overlap_seconds": -1}),
        (ROTATE, {"overlap_seconds": 90 * 86_400 + 1}),
        (ROTATE, {"overlap_seconds": "60"}),
        (ROTATE, {"overlap_seconds": 1.5}),
        (ROTATE, {"overlap_seconds": 1e300}),
        (REVOKE, {"at": "2026-12-01"}),
    ],
)
def test_what_is_no_such_request(shelf: Shelf, route: str, body: dict[str, Any]) -> None:
    """It is refused, and nothing is done."""
    status, problem, _ = ask(route, body, write_key_id=str(uuid4()))
    assert (status, problem["code"], len(shelf.kept)) == (400, "invalid_request", 0)


def test_too_many_keys(shelf: Shelf) -> None:
    """A conflict that says what to do."""
    shelf.is_full = True
    status, problem, _ = ask(CREATE)
    assert (status, problem["code"]) == (409, "too_many_write_keys")
    assert "revoke" in problem["detail"]


def test_no_log_holds_a_secret(shelf: Shelf, logged: Callable[[], str]) -> None:
    """What was done is logged by the key's id."""
    _, made, _ = ask(CREATE, {"label": "website"})
    ask(ROTATE, write_key_id=made["write_key_id"])
    lines = logged()
    assert made["write_key_id"] in lines
    assert SECRET not in lines
    assert "website" not in lines
    assert len(shelf.kept) == 2
