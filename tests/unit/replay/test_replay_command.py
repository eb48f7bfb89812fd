"""`rollcall replay` and the client of the API that administrators' commands share."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from typer.testing import CliRunner, Result

from tests.builders import ORG
from workbench import cli
from workbench.api_client import ApiClient, ApiRefused, ApiUnavailable
from workbench.commands import follow_operation
from workbench.errors import WorkbenchError

PATH = "/api/admin/offline/replay"
REPLAY_ID = str(uuid4())

Answer = Callable[[httpx.Request], httpx.Response]


def view(state: str, progress: float = 0, **changes: Any) -> dict[str, Any]:
    return {
        "replay_id": REPLAY_ID, "operation_id": REPLAY_ID, "kind": "replay", "org_id": str(ORG), "source": "events",
        "state": state, "progress": progress, "dry_run": False, "counts": {"total": 4, "done": 2, "changed": 1234},
        "requested_at": "2026-03-10T12:00:00Z",
    } | changes  # fmt: skip


class Api:
    """Answers in turn, and remembers what it was asked."""

    def __init__(self, *answers: dict[str, Any] | int | BaseException) -> None:
        self.answers: Iterator[dict[str, Any] | int | BaseException] = iter(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer the next one."""
        self.asked.append(request)
        answer = next(self.answers)
        if isinstance(answer, BaseException):
            raise answer
        return (
            httpx.Response(answer)
            if isinstance(answer, int)
            else httpx.Response(answer.get("status", 200), json=answer)
        )


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return a function that runs a command against an API."""
    monkeypatch.setattr(follow_operation, "POLL_SECONDS", 0)

    def run_command(api: Answer, *arguments: str) -> Result:
        transport = httpx.MockTransport(api)
        opened = ApiClient(httpx.Client(base_url="https://api.example", transport=transport))
        monkeypatch.setattr(ApiClient, "open", lambda *_arguments, **_options: opened)
        return CliRunner().invoke(cli.app, list(arguments))

    return run_command


START = ("replay", "--org", str(ORG), "--from", "2026-03-01")


def test_a_replay_is_asked_for_and_followed_to_its_end(run: Callable[..., Result]) -> None:
    """A day is midnight in UTC; options that are not given are not sent; the end has its counts."""
    api = Api(view("queued"), view("running", 0.5), view("done", 1))
    result = run(api, *START, "--to", "2026-03-02T12:00:00+01:00", "--rate", "5")
    assert result.exit_code == 0, result.output
    assert f"replay {REPLAY_ID} done" in result.stdout
    assert "changed 1,234" in result.stdout
    assert [(request.method, request.url.path) for request in api.asked] == [
        ("POST", PATH), ("GET", f"{PATH}/{REPLAY_ID}"), ("GET", f"{PATH}/{REPLAY_ID}"),
    ]  # fmt: skip
    assert json.loads(api.asked[0].content) == {
        "org_id": str(ORG), "from": "2026-03-01T00:00:00+00:00", "to": "2026-03-02T11:00:00+00:00",
        "source": "events", "dry_run": False, "rate": 5,
    }  # fmt: skip


def test_json_is_all_there_is_on_standard_output(run: Callable[..., Result]) -> None:
    """For scripts: the last answer of the API."""
    done = view("done", 1)
    assert json.loads(run(Api(view("queued"), done), *START, "--json").stdout) == done


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_what_did_not_end_well_is_an_exit_code(run: Callable[..., Result], state: str) -> None:
    """So that a script stops; with the error's code."""
    result = run(Api(view("running"), view(state, error_code="internal_error")), *START)
    assert result.exit_code == 1
    assert f"{state} (internal_error)" in result.stdout


def test_detached_it_says_how_to_go_on(run: Callable[..., Result]) -> None:
    """The commands that follow and cancel it, complete."""
    result = run(Api(view("queued")), *START, "--detach")
    assert result.exit_code == 0
    assert f"rollcall replays cancel {REPLAY_ID} --org {ORG}" in result.stderr


def test_an_interruption_leaves_it_running(run: Callable[..., Result]) -> None:
    """Nothing is cancelled, and the output names the commands to go on with."""
    api = Api(view("running"), KeyboardInterrupt())
    result = run(api, *START)
    assert result.exit_code == 130
    assert f"rollcall replays status --follow {REPLAY_ID}" in result.stderr
    assert len(api.asked) == 2


def test_a_pause_of_the_api_does_not_end_the_following(run: Callable[..., Result]) -> None:
    """Unreachable or unavailable for a moment: it is asked again."""
    api = Api(view("running"), 503, httpx.ConnectError("down"), view("done", 1))
    assert run(api, *START).exit_code == 0


def test_a_replay_is_read_cancelled_and_listed(run: Callable[..., Result]) -> None:
    """Each is one request; the list says how far each replay is."""
    org = ("--org", str(ORG))
    api = Api(view("running", 0.5))
    assert "running" in run(api, "replays", "status", REPLAY_ID, *org).stdout
    api = Api(view("cancelled"))
    assert run(api, "replays", "cancel", REPLAY_ID, *org).exit_code == 0
    assert (api.asked[0].method, api.asked[0].url.path) == ("POST", f"{PATH}/{REPLAY_ID}/cancel")
    api = Api({"replays": [view("running", 0.5, dry_run=True)]})
    assert "50 %" in run(api, "replays", "list", *org).stdout
    assert api.asked[0].url.params["org_id"] == str(ORG)


def test_a_moment_that_is_none_is_told(run: Callable[..., Result]) -> None:
    """Before anything is asked."""
    api = Api()
    result = run(api, "replay", "--org", str(ORG), "--from", "yesterday")
    assert isinstance(result.exception, WorkbenchError)
    assert api.asked == []


def client(*answers: dict[str, Any] | int | BaseException) -> ApiClient:
    return ApiClient(httpx.Client(base_url="https://api.example", transport=httpx.MockTransport(Api(*answers))))


def test_a_problem_is_told_with_its_faults() -> None:
    """Detail, status, code, and where in the body."""
    fault = {"pointer": "/to", "code": "window_invalid", "detail": "A window ends after it begins"}
    problem = {"status": 400, "code": "invalid_request", "detail": "Not what this route takes.", "errors": [fault]}
    with pytest.raises(ApiRefused, match=r"Not what.*\n.*/to A window ends.*400 invalid_request") as refused:
        client(problem).post("/x", {})
    assert (refused.value.status, refused.value.code) == (400, "invalid_request")


@pytest.mark.parametrize("answer", [503, 429, 502, httpx.ConnectTimeout("canary")])
def test_what_may_pass_is_told_apart(answer: int | Exception) -> None:
    """Away for now, and no fault of the request."""
    with pytest.raises(ApiUnavailable) as away:
        client(answer).get("/x")
    assert "canary" not in str(away.value)


def test_a_deployed_api_needs_a_token() -> None:
    """None is made up for it."""
    with pytest.raises(WorkbenchError, match="ROLLCALL_TOKEN"):
        ApiClient.open("https://api.example", None, [ORG])
    opened = ApiClient.open("https://api.example/", "token", [])
    assert opened.http.headers["Authorization"] == "Bearer token"
