"""Health over HTTP: who is shown what, what need not be sent again, and the numbers in both forms."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.health.health import HealthTransition
from rollcall.edge.http import identity
from rollcall.edge.wiring import health as wiring_health
from rollcall.edge.wiring import token_rules
from rollcall.edge.wiring.sockets import tables as wiring_sockets
from rollcall.errors import SecretUnavailable

from functions.authorizer import app as authorizer
from functions.health import app
from functions.health_monitor import app as watch_app
from tests.builders import NOW, caller
from tests.unit.access.test_tokens import hs256, shared
from tests.unit.fakes.api_gateway import Context, request
from tests.unit.health.fakes import HealthRoom

ORG = uuid4()


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> HealthRoom:
    """A room that was looked at, and what serves from it."""
    made = HealthRoom()
    made.watch().look()
    reading = made.read()
    monkeypatch.setattr(wiring_health, "read", lambda: reading)
    monkeypatch.setattr(wiring_sockets, "health", lambda: made.health_table)
    monkeypatch.setattr(token_rules, "current", shared)
    monkeypatch.setattr(token_rules, "report_pass_of", lambda _caller: "")
    return made


def ask(path: str = "/api/health", query: dict[str, str] | None = None, **headers: str) -> dict[str, Any]:
    """Ask as API Gateway hands it on: it asks the authorizer first, whether or not there is a token."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    known = authorizer.handler({"type": "REQUEST", "headers": sent}, Context())
    assert known["isAuthorized"]
    return app.handler(request(f"GET {path}", known["context"], query=query or {}, headers=sent), Context())


def ask_as(scope: str, path: str, query: dict[str, str] | None = None, **headers: str) -> dict[str, Any]:
    """Ask a route that has an authorizer."""
    bearer = caller(scopes=frozenset([scope]), expires_at=4_000_000_000)
    event = request(f"GET {path}", identity.context_of(bearer), query=query or {}, headers=headers)
    return app.handler(event, Context())


def bearer(scope: str = "", *org_ids: UUID) -> str:
    return "Bearer " + hs256(scope=scope, org_ids=[str(org_id) for org_id in org_ids or [ORG]])


def test_who_shows_no_token_is_told_the_status_alone(room: HealthRoom) -> None:
    """A cache between may keep it for a second."""
    answer = ask()
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"status": "ok"})
    assert answer["headers"]["Cache-Control"] == "public, max-age=1"
    assert answer["headers"]["Vary"] == "Authorization"


def test_a_bad_token_is_refused(room: HealthRoom) -> None:
    """It is not taken for none: its bearer should know."""
    answer = ask(authorization="Bearer nonsense")
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (401, "token_invalid")


def test_what_is_no_bearer_token_is_refused(room: HealthRoom) -> None:
    """A caller that presents a token expects it to be checked."""
    answer = ask(authorization="Basic a2ltOmtpbQ==")
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (401, "token_missing")


def test_keys_that_cannot_be_read_leave_the_status(room: HealthRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Health is answered whatever is away."""

    def unreadable() -> str:
        raise SecretUnavailable

    monkeypatch.setattr(token_rules, "current", lambda: shared(secret=unreadable))
    answer = ask(authorization=bearer("admin:read"))
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"status": "ok"})


def test_a_token_without_scope_is_told_what_to_keep_to(room: HealthRoom) -> None:
    """Status and advice, and no cache between may keep it."""
    answer = ask(authorization=bearer())
    assert json.loads(answer["body"]).keys() == {"status", "advice"}
    assert answer["headers"]["Cache-Control"] == "private, max-age=1"


def test_administrators_are_shown_everything_and_their_own_organisations(room: HealthRoom) -> None:
    """No other organisation's, although they are watched."""
    other = uuid4()
    answer = ask(authorization=bearer("admin:write", ORG, other))
    health = json.loads(answer["body"])
    assert health["organisations"].keys() == {str(ORG), str(other)}
    assert health["slos"]["spool_backlog"] == {"value": 0, "threshold": 50, "unit": "count", "is_violated": False}
    assert health["offlineQueue"] == {"backlog": 0, "pendingAssignments": 4}
    room.seconds += 2
    alone = json.loads(ask(authorization=bearer("admin:read"))["body"])
    assert alone["organisations"].keys() == {str(ORG)}


def test_nothing_is_sent_again_until_something_changes(room: HealthRoom) -> None:
    """A new look that found the same has the same tag; a change has another, and so has another reader."""
    token = bearer("admin:read")
    first = ask(authorization=token)
    tag = first["headers"]["ETag"]
    room.seconds += 30
    room.watch().look()
    for given in (tag, f'"other", W/{tag}', "*"):
        again = ask(authorization=token, if_none_match=given)
        assert (again["statusCode"], again["body"], again["headers"]["ETag"]) == (304, "", tag)
    assert json.loads(ask(authorization=token)["body"])["measured_at"] > json.loads(first["body"])["measured_at"]
    assert ask(if_none_match=tag)["statusCode"] == 200
    room.is_reachable = False
    room.seconds += 2
    room.watch().look()
    changed = ask(authorization=token, if_none_match=tag)
    assert (changed["statusCode"], json.loads(changed["body"])["status"]) == (200, "down")


def test_health_is_answered_with_everything_away(room: HealthRoom) -> None:
    """200: this was answered, and says what is not."""
    room.is_reachable, room.table.is_away, room.depths = False, True, {"spool": None, "analytics": None}
    room.seconds += 100
    answer = ask(authorization=bearer("admin:read"))
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (200, "down")


def test_transitions_are_listed_newest_first(room: HealthRoom) -> None:
    """Page by page, for administrators."""
    for minute in range(5):
        at = NOW + timedelta(minutes=minute)
        status, previous = ("down", "ok") if minute % 2 == 0 else ("ok", "down")
        transition = {"at": at, "status": status, "previous": previous, "reasons": [], "sequence": minute}
        room.health_table.note_transition(HealthTransition.model_validate(transition))
    path = "/api/health/transitions"
    found = json.loads(ask_as("admin:read", path, {"limit": "2"})["body"])["transitions"]
    assert [row["sequence"] for row in found] == [4, 3]
    rest = json.loads(ask_as("admin:read", path, {"before": found[-1]["at"]})["body"])["transitions"]
    assert [row["sequence"] for row in rest] == [2, 1, 0]
    assert ask_as("other", path)["statusCode"] == 403
    assert ask_as("admin:read", path, {"limit": "0"})["statusCode"] == 400
    assert ask_as("admin:read", path, {"before": "2026-03-10"})["statusCode"] == 400
    room.table.is_away = True
    assert ask_as("admin:read", path)["statusCode"] == 503


PATH = "/api/diagnostics/metrics"
SCRAPE = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/plain;q=0.1, application/json", "image/png"])
def test_numbers_are_json(room: HealthRoom, accept: str) -> None:
    """Unless something else is liked better."""
    answer = ask_as("admin:read", PATH, accept=accept)
    assert answer["headers"]["Content-Type"] == "application/json"
    metrics = {metric["name"]: metric["samples"] for metric in json.loads(answer["body"])["metrics"]}
    assert metrics["rollcall_health_status"] == [{"labels": {}, "value": 0}]


@pytest.mark.parametrize("accept", [SCRAPE, "text/plain", "text/*", "application/json;q=0, */*"])
def test_numbers_are_text_for_prometheus(room: HealthRoom, accept: str) -> None:
    """As it asks for them."""
    answer = ask_as("admin:read", PATH, accept=accept)
    assert answer["headers"]["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "\nrollcall_health_status 0.0\n" in answer["body"]


def test_numbers_are_for_administrators(room: HealthRoom) -> None:
    """Not for any token."""
    assert ask_as("other", PATH)["statusCode"] == 403


def test_watch_looks_once_for_signals_and_until_its_time_is_up_for_the_schedule(
    room: HealthRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many signals there are, one look answers them, where it is news."""
    watching = room.watch()
    monkeypatch.setattr(wiring_health, "health_monitor", lambda: watching)

    class Timed(Context):
        def get_remaining_time_in_millis(self) -> int:
            """Tell what is left of a minute."""
            return int(85_000 - 1000 * room.seconds)

    before = room.kept().version
    room.is_reachable = False
    assert watch_app.handler({"Records": [{"body": "{}"}] * 3}, Timed()) == {"batchItemFailures": []}
    assert room.kept().version == before + 1
    watch_app.handler({"idempotency_key": "x"}, Timed())
    assert room.kept().version == before + 6
