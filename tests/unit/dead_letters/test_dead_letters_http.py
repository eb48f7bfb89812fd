"""Administrators' routes to dead letters: permissions, refusals and answers."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall import errors
from rollcall.contracts.dead_letters.letter import (
    NIL_ORGANISATION,
    DeadLetter,
    DeadLetterFile,
    DeadLetterGroup,
    HistoryEntry,
)
from rollcall.contracts.dead_letters.redrive import Discarding, RedriveCounts, RedriveResult, Selection
from rollcall.edge.wiring import dead_letters as wiring_dead_letters
from rollcall.edge.wiring.operations import requests as wiring_operations

from tests.builders import NOW, ORG
from tests.unit.edge.test_admin_function import RecordingRequests, ask
from tests.unit.operations.test_operate_flow import an_operation

pytestmark = pytest.mark.usefixtures("pseudonym")

LETTERS = "/api/admin/dead-letters"
LIST, SHOW = f"GET {LETTERS}", f"GET {LETTERS}/{{dead_letter_id}}"
REDRIVE, REPORT = f"POST {LETTERS}/redrive", f"GET {LETTERS}/redrive/{{operation_id}}"
CANCEL, DISCARD = f"POST {LETTERS}/redrive/{{operation_id}}/cancel", f"POST {LETTERS}/discard"
ORDER = {"org_id": str(ORG), "selection": {"all": True}, "reason": "the fix is deployed"}


def a_letter(**changes: Any) -> DeadLetter:
    letter_id = uuid4()
    fields: dict[str, Any] = {
        "org_id": ORG, "dead_letter_id": letter_id, "queue": "spool", "cause": "poisoned",
        "error_code": "poisoned_message", "state": "open", "first_failed_at": NOW, "last_failed_at": NOW,
        "failure_count": 1, "receive_count": 3, "redrive_count": 0, "size_bytes": 10, "body_digest": "a" * 32,
        "event_count": 1, "archive_key": f"dead-letters/{letter_id}.json",
    }  # fmt: skip
    return DeadLetter.model_validate(fields | changes)


class Ledger:
    """Records the calls, and answers with the dead letters that it holds."""

    def __init__(self) -> None:
        self.letters = [a_letter(last_failed_at=NOW - timedelta(microseconds=number)) for number in range(3)]
        self.asked: list[tuple[Any, ...]] = []
        self.results: list[RedriveResult] = []

    def list_dead_letters(
        self, org_id: UUID, which: Any, after: Any, limit: int
    ) -> tuple[list[DeadLetterGroup], list[DeadLetter]]:
        """List them."""
        self.asked.append((org_id, which, after, limit))
        group = DeadLetterGroup(
            queue="spool", cause="poisoned", error_code="poisoned_message", state="open", letter_count=3,
            event_count=3, first_failed_at=NOW, last_failed_at=NOW,
        )  # fmt: skip
        return [group], self.letters[:limit]

    def read_dead_letter(self, org_id: UUID, letter_id: UUID) -> DeadLetterFile | None:
        """Read one."""
        for letter in self.letters:
            if (letter.org_id, letter.dead_letter_id) == (org_id, letter_id):
                history = [HistoryEntry(what="failed", happened_at=NOW, code="poisoned_message")]
                return DeadLetterFile(dead_letter=letter, event_ids=[], history=history)
        return None

    def list_redrive_results(
        self, org_id: UUID, operation_id: UUID, after: UUID | None, limit: int
    ) -> tuple[RedriveCounts, list[RedriveResult]]:
        """List results."""
        self.asked.append((org_id, operation_id, after, limit))
        return RedriveCounts(redriven=len(self.results)), self.results[:limit]

    def discard_dead_letters(
        self,
        org_id: UUID,
        selection: Selection,
        acted_by: str,
        reason: str,
        *,
        dry_run: bool,
        limit: int,
        until: datetime | None,
    ) -> Discarding:
        """Discard them."""
        self.asked.append((org_id, selection, acted_by, reason, dry_run, until))
        return Discarding(dry_run=dry_run, discarded=3, remaining=0, until=until or NOW)


class Archive:
    """Bodies by key, or nothing at all."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.fault: errors.RollcallError = errors.ObjectMissing()

    def get(self, key: str) -> bytes:
        """Return a body."""
        if key not in self.bodies:
            raise self.fault
        return self.bodies[key]


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    ledger = Ledger()
    monkeypatch.setattr(wiring_dead_letters, "dead_letter_store", lambda: ledger)
    return ledger


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Archive:
    archive = Archive()
    monkeypatch.setattr(wiring_operations, "archive_objects", lambda: archive)
    return archive


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> RecordingRequests:
    recording = RecordingRequests()
    monkeypatch.setattr(wiring_operations, "request_operation", lambda: recording)
    return recording


def calls(org_id: UUID, letter: DeadLetter) -> list[tuple[str, dict[str, Any]]]:
    """Return a good request of each route."""
    org, query = {"org_id": str(org_id)}, {"query": {"org_id": str(org_id)}}
    operation = {"path": {"operation_id": str(uuid4())}}
    return [
        (LIST, query),
        (SHOW, {**query, "path": {"dead_letter_id": str(letter.dead_letter_id)}}),
        (REPORT, query | operation),
        (REDRIVE, {"body": ORDER | org}),
        (CANCEL, query | operation),
        (DISCARD, {"body": ORDER | org}),
    ]


@pytest.mark.parametrize("number", range(6))
def test_who_may_not_is_403_and_nothing_is_asked(
    ledger: Ledger, archive: Archive, requests: RecordingRequests, number: int
) -> None:
    """A route needs the scope and the organisation; the nil organisation is for admin:super alone."""
    route, request = calls(ORG, ledger.letters[0])[number]
    nobodys = calls(NIL_ORGANISATION, ledger.letters[0])[number][1]
    reads = number < 3
    refused = [
        (request, "" if reads else "admin:read", str(ORG), "scope_missing"),
        (request, "admin:super", str(uuid4()), "org_forbidden"),
        (nobodys, "admin:breakglass", f"{ORG} {NIL_ORGANISATION}", "scope_missing"),
    ]
    for given, scopes, org_ids, code in refused:
        status, problem = ask(route, **given, scopes=scopes, org_ids=org_ids)
        assert (status, problem["code"]) == (403, code)
    assert (ledger.asked, requests.asked) == ([], [])


def test_a_list_is_counted_by_cause_and_paged(ledger: Ledger) -> None:
    """Filters reach the ledger, and the next page begins exactly where this one ended."""
    query = {"org_id": str(ORG), "queue": "spool", "cause": "poisoned", "state": "open", "limit": "2"}
    status, page = ask(LIST, query=query, scopes="admin:read")
    assert status == 200
    assert [group["letter_count"] for group in page["groups"]] == [3]
    assert [letter["dead_letter_id"] for letter in page["dead_letters"]] == [
        str(letter.dead_letter_id) for letter in ledger.letters[:2]
    ]
    ask(LIST, query=query | {"after": page["next_after"]})
    (_, which, first, _), (_, _, second, limit) = ledger.asked
    assert (which.queue, which.cause, which.state, limit) == ("spool", "poisoned", "open", 2)
    assert first is None
    assert second == (ledger.letters[1].last_failed_at, ledger.letters[1].dead_letter_id)
    assert "next_after" not in ask(LIST, query={"org_id": str(ORG)})[1]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"org_id": "canary"}, "org_id"),
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"state": "canary"}, "state"),
        ({"cause": "canary"}, "cause"),
        ({"queue": "Canary!"}, "queue"),
        ({"after": "canary"}, "after"),
        ({"after": "1." + "-" * 36}, "after"),
    ],
)
def test_a_wrong_query_parameter_is_named(ledger: Ledger, change: dict[str, str], name: str) -> None:
    """The answer is 400 with the parameter's name and without its value."""
    status, problem = ask(LIST, query={"org_id": str(ORG)} | change)
    assert (status, problem["code"]) == (400, "invalid_request")
    assert name in problem["detail"]
    assert "canary" not in problem["detail"].lower()


@pytest.mark.parametrize(("body", "shown"), [(b'{"a": 1}', {"a": 1}), (b"text", "text"), (b'"text"', '"text"')])
def test_a_dead_letter_is_shown_with_its_history_and_body(
    ledger: Ledger, archive: Archive, body: bytes, shown: Any
) -> None:
    """The body as JSON where it is some, else as text."""
    letter = ledger.letters[0]
    archive.bodies[str(letter.archive_key)] = body
    path, query = {"dead_letter_id": str(letter.dead_letter_id)}, {"org_id": str(ORG)}
    status, file = ask(SHOW, path=path, query=query, scopes="admin:read")
    assert status == 200
    assert file["body"] == shown
    assert file["dead_letter"]["dead_letter_id"] == str(letter.dead_letter_id)
    assert [entry["what"] for entry in file["history"]] == ["failed"]


def test_a_body_that_is_gone_is_null_and_an_archive_that_is_away_503(ledger: Ledger, archive: Archive) -> None:
    """What never was kept, or has expired, hides nothing else of the dead letter."""
    ledger.letters.append(a_letter(archive_key=None, error_code="scrub_failed"))
    for letter in ledger.letters[-2:]:
        path = {"dead_letter_id": str(letter.dead_letter_id)}
        assert ask(SHOW, path=path, query={"org_id": str(ORG)})[1]["body"] is None
    archive.fault = errors.ObjectsUnavailable()
    path = {"dead_letter_id": str(ledger.letters[0].dead_letter_id)}
    assert ask(SHOW, path=path, query={"org_id": str(ORG)})[0] == 503


def test_another_organisations_is_404(ledger: Ledger, archive: Archive, requests: RecordingRequests) -> None:
    """With the right id and one's own organisation; and so is what is no id."""
    theirs = a_letter(org_id=uuid4())
    ledger.letters.append(theirs)
    operation = an_operation(org_id=theirs.org_id, kind="redrive")
    requests.known = [operation]
    query = {"org_id": str(ORG)}
    for letter_id in (theirs.dead_letter_id, "x"):
        status, problem = ask(SHOW, path={"dead_letter_id": str(letter_id)}, query=query)
        assert (status, problem["code"]) == (404, "dead_letter_unknown")
    for route in (REPORT, CANCEL):
        for operation_id in (operation.operation_id, "x"):
            status, problem = ask(route, path={"operation_id": str(operation_id)}, query=query)
            assert (status, problem["code"]) == (404, "operation_unknown")


def test_a_redrive_that_is_asked_for_is_202(requests: RecordingRequests) -> None:
    """With its selection, rate and reason; a dry run too; the source is the queue, where one is named."""
    letter_id = str(uuid4())
    body = ORDER | {"selection": {"dead_letter_ids": [letter_id], "queue": "analytics"}, "dry_run": True}
    status, answer = ask(REDRIVE, body, role="learner", subject="kim@example.org")
    assert status == 202
    assert (answer["state"], answer["dry_run"], answer["rate"]) == ("queued", True, 50)
    assert answer["selection"]["dead_letter_ids"] == [letter_id]
    (asked,) = requests.asked
    assert (asked.kind, asked.source, asked.org_id, asked.reason) == ("redrive", "analytics", ORG, ORDER["reason"])
    assert asked.parameters == {"selection": {"dead_letter_ids": [letter_id], "queue": "analytics"}}
    assert "kim" not in asked.requested_by
    ask(REDRIVE, ORDER)
    assert requests.asked[1].source == "dead_letters"


@pytest.mark.parametrize("route", [REDRIVE, DISCARD])
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"org_id": "canary"}, "/org_id"),
        ({"reason": None}, "/reason"),
        ({"reason": ""}, "/reason"),
        ({"selection": {}}, "/selection"),
        ({"selection": {"queue": "spool"}}, "/selection"),
        ({"selection": {"all": True, "cause": "poisoned"}}, "/selection"),
        ({"selection": {"all": False}}, "/selection/all"),
        ({"selection": {"cause": "canary"}}, "/selection/cause"),
        ({"selection": {"dead_letter_ids": []}}, "/selection/dead_letter_ids"),
        ({"selection": {"dead_letter_ids": [str(ORG)] * 301}}, "/selection/dead_letter_ids"),
        ({"dry_run": "yes"}, "/dry_run"),
        ({"canary": 1}, ""),
    ],
)
def test_a_fault_in_a_redrive_has_a_pointer(
    ledger: Ledger, requests: RecordingRequests, route: str, change: dict[str, Any], pointer: str
) -> None:
    """400 with a pointer to the fault; everything at once is never what was left out by mistake."""
    status, problem = ask(route, {name: value for name, value in (ORDER | change).items() if value is not None})
    assert (status, problem["code"]) == (400, "invalid_request")
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]
    assert "canary" not in json.dumps(problem)
    assert (ledger.asked, requests.asked) == ([], [])


def test_a_second_redrive_of_the_source_is_409(requests: RecordingRequests) -> None:
    """With the first one's name in it."""
    requests.fault = errors.OperationActive("Operation 7 is running on the same source.")
    status, problem = ask(REDRIVE, ORDER)
    assert (status, problem["code"]) == (409, "operation_active")


def test_a_redrive_is_followed_message_by_message(ledger: Ledger, requests: RecordingRequests) -> None:
    """How far it is, what became of each, and where the next page begins."""
    operation = an_operation(
        kind="redrive", parameters={"selection": {"all": True}}, counts={"total": 4, "done": 2, "redriven": 2}
    )
    requests.known = [operation]
    ledger.results = [
        RedriveResult(dead_letter_id=uuid4(), result="redriven", happened_at=NOW, state="resolved") for _ in range(2)
    ]
    path = {"operation_id": str(operation.operation_id)}
    query = {"org_id": str(ORG), "limit": "2"}
    status, report = ask(REPORT, path=path, query=query, scopes="admin:read")
    assert status == 200
    assert (report["redrive"]["progress"], report["messages"]["redriven"]) == (0.5, 2)
    assert [result["state"] for result in report["results"]] == ["resolved", "resolved"]
    assert report["next_after"] == report["results"][-1]["dead_letter_id"]
    ask(REPORT, path=path, query=query | {"after": report["next_after"]})
    assert ledger.asked[-1] == (ORG, operation.operation_id, ledger.results[-1].dead_letter_id, 2)
    assert ask(CANCEL, path=path, query={"org_id": str(ORG)})[1]["state"] == "cancelled"


def test_a_discard_says_how_many(ledger: Ledger) -> None:
    """With who asked, as they may be written down, and why."""
    order = ORDER | {"dry_run": True, "until": "2026-03-10T12:00:00Z"}
    status, answer = ask(DISCARD, order, subject="kim@example.org")
    assert (status, answer) == (200, {"dry_run": True, "discarded": 3, "remaining": 0, "until": "2026-03-10T12:00:00Z"})
    ((org_id, selection, acted_by, reason, dry_run, until),) = ledger.asked
    assert (org_id, selection, reason, dry_run) == (ORG, Selection(all=True), ORDER["reason"], True)
    assert until == datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert "kim" not in acted_by


def test_an_address_in_a_reason_is_not_kept(ledger: Ledger, requests: RecordingRequests) -> None:
    """Reasons are kept for years, so addresses are removed from them."""
    order = ORDER | {"reason": "asked by kim@example.org"}
    ask(DISCARD, order)
    ask(REDRIVE, order)
    assert ledger.asked[0][3] == requests.asked[0].reason == "asked by [email]"


def test_the_nil_organisation_is_for_admin_super(ledger: Ledger, requests: RecordingRequests) -> None:
    """Without the token naming the nil organisation, which no identity provider gives."""
    assert ask(LIST, query={"org_id": str(NIL_ORGANISATION)}, scopes="admin:super")[0] == 200
    assert ask(REDRIVE, ORDER | {"org_id": str(NIL_ORGANISATION)}, scopes="admin:super")[0] == 202
    assert ledger.asked[0][0] == requests.asked[0].org_id == NIL_ORGANISATION


def test_no_log_line_has_the_caller_or_the_reason(
    ledger: Ledger, archive: Archive, requests: RecordingRequests, logged: Callable[[], str]
) -> None:
    """Neither the caller, nor the organisation, nor the reason, nor a body."""
    letter = ledger.letters[0]
    archive.bodies[str(letter.archive_key)] = b"canary"
    for route, request in calls(ORG, letter):
        ask(route, **request, subject="kim@example.org")
    lines = logged()
    assert "redrive requested" in lines
    for secret in ("kim@example.org", str(ORG), ORDER["reason"], "canary"):
        assert str(secret) not in lines


@pytest.mark.parametrize("action", ["discard", "redrive"])
def test_an_action_is_no_dead_letter(action: str) -> None:
    """API Gateway takes a GET of its path for that of a dead letter: 405, not a query that is found wrong."""
    status, problem = ask(SHOW, path={"dead_letter_id": action}, scopes="admin:read")
    assert (status, problem["code"]) == (405, "method_not_allowed")
