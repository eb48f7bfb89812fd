"""`rollcall dead-letters` and `rollcall redrive`: what they print, and what they ask before they act."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION
from typer.testing import CliRunner, Result

from tests.builders import ORG
from workbench import cli
from workbench.api_client import ApiClient
from workbench.commands import follow_operation
from workbench.commands.organisations import PATH, Organisations
from workbench.errors import WorkbenchError

OTHER = UUID("a0000000-0000-4000-8000-000000000001")
WHY = ("--reason", "the fix is deployed")
FAILED_AT = "2026-03-10T12:34:56Z"


def a_letter(**changes: Any) -> dict[str, Any]:
    return {
        "org_id": str(ORG), "dead_letter_id": str(uuid4()), "queue": "spool", "cause": "poisoned",
        "error_code": "poisoned_message", "state": "open", "first_failed_at": FAILED_AT, "last_failed_at": FAILED_AT,
        "failure_count": 1, "receive_count": 3, "redrive_count": 0, "size_bytes": 1000, "event_count": 5,
        "archive_key": "key",
    } | changes  # fmt: skip


class Api:
    """An API with dead letters, which does what it is asked."""

    def __init__(self) -> None:
        self.letters = {str(ORG): [a_letter(), a_letter(cause="store_refused", error_code="store_refused")]}
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.results: list[dict[str, Any]] = []
        self.state = "done"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        path = request.url.path.removeprefix(PATH)
        if request.method == "POST":
            body = json.loads(request.content)
            self.posted.append((path, body))
            return httpx.Response(200, json=self.act(path, body))
        org_id = request.url.params["org_id"]
        if path.startswith("/redrive/"):
            return httpx.Response(200, json=self.report(request.url.params))
        if path:
            return self.show(org_id, path[1:])
        return httpx.Response(200, json=self.page(org_id, request.url.params))

    def act(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Redrive or discard."""
        if path == "/discard":
            rest = 0 if len(self.posted) > 2 else 1
            return {"dry_run": body["dry_run"], "discarded": 1, "remaining": rest, "until": "2026-11-21T12:00:00Z"}
        return self.view(body["dry_run"])

    def view(self, dry_run: bool) -> dict[str, Any]:
        """Return an operation."""
        failed = sum(result["result"] == "failed" for result in self.results)
        counts = {"total": 2, "done": 2, "redriven": 2 - failed, "failed": failed}
        return {
            "operation_id": "7", "kind": "redrive", "state": self.state, "progress": 1, "dry_run": dry_run,
            "counts": counts,
        }  # fmt: skip

    def report(self, query: httpx.QueryParams) -> dict[str, Any]:
        """Return a redrive's report, one result a page."""
        after = int(query.get("after", 0))
        page = {"redrive": self.view(self.posted[-1][1]["dry_run"]), "results": self.results[after : after + 1]}
        return page | ({"next_after": str(after + 1)} if after + 1 < len(self.results) else {})

    def show(self, org_id: str, letter_id: str) -> httpx.Response:
        """Return one dead letter."""
        for letter in self.letters.get(org_id, []):
            if letter["dead_letter_id"] == letter_id:
                history = [{"what": "failed", "happened_at": FAILED_AT, "code": letter["error_code"]}]
                body = {"text": "[email] [bold]"} if letter["archive_key"] else None
                file = {"dead_letter": letter, "event_ids": [], "history": history, "body": body}
                return httpx.Response(200, json=file)
        return httpx.Response(404, json={"code": "dead_letter_unknown", "detail": "There is no such dead letter."})

    def page(self, org_id: str, query: httpx.QueryParams) -> dict[str, Any]:
        """Return a list."""
        wanted = {name: query[name] for name in ("state", "cause", "queue") if name in query}
        chosen = [
            letter for letter in self.letters.get(org_id, []) if all(letter[name] == wanted[name] for name in wanted)
        ]
        return {
            "groups": [letter | {"letter_count": 1} for letter in chosen],
            "dead_letters": chosen[: int(query.get("limit", 20))],
        }


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def run(api: Api, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return a function that runs a command against the API."""
    monkeypatch.setattr(follow_operation, "POLL_SECONDS", 0)
    opened = ApiClient(httpx.Client(base_url="https://api.example", transport=httpx.MockTransport(api)))
    monkeypatch.setattr(ApiClient, "open", lambda *_arguments, **_options: opened)

    def run_command(*arguments: str, given: str | None = None) -> Result:
        organisations = ("--org", str(NIL_ORGANISATION), "--org", str(ORG))
        command = list(arguments) + list(organisations)
        return CliRunner().invoke(cli.app, command, input=given)

    return run_command


def test_dead_letters_are_listed_by_organisation_and_cause(api: Api, run: Callable[..., Result]) -> None:
    """The list has open dead letters by default, fits 80 columns and cuts no word; the command changes nothing."""
    api.letters[str(ORG)].append(a_letter(state="discarded"))
    api.letters[str(NIL_ORGANISATION)] = [a_letter(error_code="scrub_failed")]
    told = run("dead-letters").stdout
    assert "nil organisation" in told
    assert "poisoned (scrub_failed)" in told
    assert "store_refused" in told
    assert "2 of 2 listed" in told
    assert all(letter["dead_letter_id"] in told for letter in api.letters[str(ORG)][:2])
    assert "discarded" not in told
    assert "discarded" in run("dead-letters", "--state", "any").stdout
    assert "…" not in told
    assert max(map(len, told.splitlines())) <= 80
    assert api.posted == []


def test_no_dead_letters_is_good_news(api: Api, run: Callable[..., Result]) -> None:
    """An empty list ends with exit code 0."""
    api.letters = {}
    result = run("dead-letters")
    assert (result.exit_code, result.stdout) == (0, "No open dead letters.\n")


def test_json_is_all_there_is_on_standard_output(api: Api, run: Callable[..., Result]) -> None:
    """For scripts: the API's answers, by organisation."""
    pages = json.loads(run("dead-letters", "--json").stdout)
    assert len(pages[str(ORG)]["dead_letters"]) == 2


def test_a_dead_letter_is_shown_without_naming_its_organisation(api: Api, run: Callable[..., Result]) -> None:
    """The command finds the organisation and prints the body, or the reason why there is no body."""
    letter = api.letters[str(ORG)][0]
    told = run("dead-letters", "show", letter["dead_letter_id"]).stdout
    assert str(ORG) in told
    assert '"[email] [bold]"' in told
    assert "poisoned_message" in told
    letter["archive_key"] = None
    assert "could not be scrubbed" in run("dead-letters", "show", letter["dead_letter_id"]).stdout
    missing = run("dead-letters", "show", str(uuid4()))
    assert isinstance(missing.exception, WorkbenchError)


@pytest.mark.parametrize("command", [("redrive",), ("dead-letters", "discard")])
@pytest.mark.parametrize(
    "selection", [(), ("--all", "--cause", "poisoned"), ("--id", str(uuid4()), "--all")], ids=["none", "two", "other"]
)
def test_exactly_one_selection_is_required(
    api: Api, run: Callable[..., Result], command: tuple[str, ...], selection: tuple[str, ...]
) -> None:
    """A command without a selection is refused, and so is one with two."""
    result = run(*command, *WHY, "--yes", *selection)
    assert isinstance(result.exception, WorkbenchError)
    assert api.posted == []


@pytest.mark.parametrize("command", [("redrive",), ("dead-letters", "discard")])
def test_nothing_is_done_without_a_reason_or_an_answer(
    api: Api, run: Callable[..., Result], command: tuple[str, ...]
) -> None:
    """The command prints the counts and asks for a confirmation; a script passes --yes."""
    assert run(*command, "--all", "--yes").exit_code == 2
    result = run(*command, "--all", *WHY)
    assert isinstance(result.exception, WorkbenchError)
    assert "poisoned" in result.stdout
    assert all(body["dry_run"] for _, body in api.posted)


def test_a_question_that_is_answered_with_no_changes_nothing(
    api: Api, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer yes starts the command; an empty answer means no."""
    monkeypatch.setattr("workbench.commands.selection.is_interactive", lambda: True)
    for answer in ("n\n", "\n"):
        assert run("redrive", "--all", *WHY, given=answer).exit_code == 1
    assert api.posted == []
    assert run("redrive", "--all", *WHY, given="y\n").exit_code == 0
    assert len(api.posted) == 1


def test_a_redrive_prints_the_result_of_each_message(api: Api, run: Callable[..., Result]) -> None:
    """Over all pages; it is sent to the organisation that has some, with selection, rate and reason."""
    api.results = [
        {"dead_letter_id": letter["dead_letter_id"], "result": "redriven", "state": "resolved"}
        for letter in api.letters[str(ORG)]
    ]
    result = run("redrive", "--all", "--queue", "spool", "--rate", "7", "--yes", *WHY)
    assert result.exit_code == 0, result.output
    assert "done, 2 stored" in result.stdout
    assert all(letter["dead_letter_id"] in result.stdout for letter in api.letters[str(ORG)])
    assert api.posted == [
        ("/redrive", {
            "org_id": str(ORG), "selection": {"all": True, "queue": "spool"}, "reason": WHY[1], "dry_run": False,
            "rate_per_second": 7,
        })
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"result": "failed", "code": "object_missing", "state": "open"}, "not sent"),
        ({"result": "redriven", "state": "open"}, "failed again"),
    ],
)
def test_a_failed_message_ends_the_command_with_1(
    api: Api, run: Callable[..., Result], changes: dict[str, str], told: str
) -> None:
    """The failed message is printed with its code, before the successful ones."""
    good, bad = (letter["dead_letter_id"] for letter in api.letters[str(ORG)])
    api.results = [{"dead_letter_id": good, "result": "redriven", "state": "resolved"}]
    api.results.append({"dead_letter_id": bad} | changes)
    result = run("redrive", "--all", "--yes", *WHY)
    assert result.exit_code == 1
    assert f"1 {told}" in result.stdout
    assert changes.get("code", "") in result.stdout
    assert result.stdout.rindex(bad) < result.stdout.rindex(good)


def test_the_command_waits_for_queued_messages_for_a_limited_time(api: Api, run: Callable[..., Result]) -> None:
    """A message that is still queued is printed as queued, and is no failure."""
    api.results = [{"dead_letter_id": str(uuid4()), "result": "redriven", "state": "redriven"}]
    result = run("redrive", "--all", "--yes", "--settle", "0", *WHY)
    assert (result.exit_code, "1 on its queue" in result.stdout) == (0, True)


def test_a_dry_run_asks_no_question_and_sends_nothing(api: Api, run: Callable[..., Result]) -> None:
    """The command prints which messages would be sent and which could not be."""
    result = run("redrive", "--cause", "poisoned", "--dry-run", *WHY)
    assert (result.exit_code, "2 would be sent" in result.stdout) == (0, True)
    assert api.posted[0][1]["dry_run"] is True
    api.results = [{"dead_letter_id": str(uuid4()), "result": "failed", "state": "open"}]
    assert run("redrive", "--all", "--dry-run", *WHY).exit_code == 1


def test_those_that_are_named_are_sent_to_their_own_organisations(api: Api, run: Callable[..., Result]) -> None:
    """Each id goes to its own organisation; an unknown id ends the command before any request."""
    letter = api.letters[str(ORG)][0]["dead_letter_id"]
    run("redrive", "--id", letter, "--yes", *WHY)
    assert api.posted[0][1]["selection"] == {"dead_letter_ids": [letter]}
    result = run("redrive", "--id", letter, "--id", str(uuid4()), "--yes", *WHY)
    assert isinstance(result.exception, WorkbenchError)
    assert len(api.posted) == 1


def test_a_discard_repeats_until_no_dead_letter_is_left(api: Api, run: Callable[..., Result]) -> None:
    """The API discards a limited number per request; the command prints the sum."""
    result = run("dead-letters", "discard", "--all", "--yes", *WHY)
    assert (result.exit_code, "2 discarded" in result.stdout) == (0, True)
    assert [(path, body["dry_run"]) for path, body in api.posted] == [("/discard", dry) for dry in (True, False, False)]
    assert {body["until"] for _, body in api.posted[1:]} == {"2026-11-21T12:00:00Z"}


def test_the_token_names_the_organisations_to_list() -> None:
    """The command lists every organisation of the token, and the nil organisation if the scope allows it."""
    claims = {"org_ids": [str(ORG), str(OTHER)], "scope": "admin:read"}
    key = "k" * 32
    plain = Organisations.open(None, "https://api.example", jwt.encode(claims, key, algorithm="HS256"))
    assert plain.org_ids == [ORG, OTHER]
    claims["scope"] = "admin:super"
    assert Organisations.open(None, "https://api.example", jwt.encode(claims, key, algorithm="HS256")).org_ids == [
        NIL_ORGANISATION, ORG, OTHER,
    ]  # fmt: skip
    with pytest.raises(WorkbenchError, match="--org"):
        Organisations.open(None, "https://api.example", "no token")
