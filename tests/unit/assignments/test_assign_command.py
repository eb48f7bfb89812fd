"""`rollcall assign`: reading the file, splitting it into orders, following them, and running the command again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from typer.testing import CliRunner, Result

from tests.builders import ORG
from workbench import cli
from workbench.api_client import ApiClient
from workbench.commands import assign
from workbench.errors import WorkbenchError

ASSIGN = "/api/admin/courses/algebra/assign"


def view(state: str, done: int, **changes: Any) -> dict[str, Any]:
    counts = {"total": 3, "done": done, "assigned": done, "already_assigned": 0, "updated": 0}
    return {"operation_id": "7", "state": state, "counts": counts} | changes


class Api:
    """Answers in turn, and remembers what it was asked."""

    def __init__(self, *answers: dict[str, Any] | int) -> None:
        self.answers = iter(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer the next one."""
        self.asked.append(request)
        answer = next(self.answers)
        return httpx.Response(answer) if isinstance(answer, int) else httpx.Response(200, json=answer)

    @property
    def orders(self) -> list[dict[str, Any]]:
        """What was ordered."""
        return [json.loads(request.content) for request in self.asked if request.method == "POST"]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Return a function that runs the command on a file of these lines."""
    monkeypatch.setattr(assign, "POLL_SECONDS", 0)

    def run_command(api: Api, lines: list[str], *arguments: str, course: str = "algebra") -> Result:
        file = tmp_path / "learners.txt"
        file.write_text("\n".join(lines))
        opened = ApiClient(httpx.Client(base_url="https://api.example", transport=httpx.MockTransport(api)))
        monkeypatch.setattr(ApiClient, "open", lambda *_arguments, **_options: opened)
        return CliRunner().invoke(cli.app, ["assign", course, "--org", str(ORG), "--users", str(file), *arguments])

    return run_command


def test_learners_of_a_file_are_assigned(run: Callable[..., Result]) -> None:
    """Each learner is sent once, blank lines are skipped; the command follows the order to its end, prints counts."""
    first, second = (str(uuid4()) for _ in range(2))
    api = Api(view("queued", 1), view("running", 2), view("done", 3))
    result = run(api, [first, "", f"  {second.upper()} ", first], "--due", "2026-12-24", "--reason", "term")
    assert result.exit_code == 0, result.output
    assert "assign 7 done" in result.stdout
    assert "assigned 3" in result.stdout
    assert [request.url.path for request in api.asked] == [ASSIGN, *["/api/admin/assignments/7"] * 2]
    assert api.orders == [
        {"org_id": str(ORG), "due_at": "2026-12-24T00:00:00+00:00", "reason": "term", "user_ids": [first, second]}
    ]


@pytest.mark.parametrize(
    "spelled", ["{0}", '"{0}"', "'{0}'", '"{0}",', "{0};", "{0}\t", ' "{0}" ', "\ufeff{0}", '\ufeff"{0}"\r', "{0}\r"]
)
def test_a_line_is_read_as_spreadsheets_write_it(run: Callable[..., Result], spelled: str) -> None:
    """With Excel's byte order mark ("CSV UTF-8"), quotes, an empty cell behind, or Windows' line ends."""
    first, second = (str(uuid4()) for _ in range(2))
    api = Api(view("done", 2))
    assert run(api, [spelled.format(first), second.upper(), "{" + second + "}"]).exit_code == 0
    assert api.orders[0]["user_ids"] == [first, second]


def test_a_long_list_is_several_orders(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each order has its own key, and a second run of the command sends the same keys."""
    monkeypatch.setattr(assign, "LEARNERS_MAX", 2)
    named = [str(uuid4()) for _ in range(3)]
    api = Api(view("done", 2), view("done", 1))
    result = run(api, named, "--key", "autumn", "--json")
    assert [order["user_ids"] for order in api.orders] == [named[:2], named[2:]]
    assert [request.headers["Idempotency-Key"] for request in api.asked] == ["autumn.1", "autumn.2"]
    assert json.loads(result.stdout) == [view("done", 2), view("done", 1)]


def test_what_goes_wrong_says_how_to_go_on(run: Callable[..., Result]) -> None:
    """The error names the key of this run, so that a second run repeats no order."""
    result = run(Api(503), [str(uuid4())], "--key", "autumn")
    assert "--key autumn" in result.stderr
    assert result.exit_code != 0
    assert run(Api(view("cancelled", 1)), [str(uuid4())]).exit_code == 1


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([str(uuid4()), "kim@example.org"], "Line 2 is not a UUID"),
        ([f"{uuid4()},{uuid4()}"], "Line 1 is not a UUID"),
        ([""], "The file names no learner"),
    ],
)
def test_an_invalid_line_is_named(run: Callable[..., Result], lines: list[str], why: str) -> None:
    """The error names the line number, not its text, and no request is sent."""
    api = Api()
    result = run(api, lines)
    assert isinstance(result.exception, WorkbenchError)
    assert why in str(result.exception)
    assert "kim" not in str(result.exception)
    assert api.asked == []


def test_a_course_is_one_part_of_the_path(run: Callable[..., Result]) -> None:
    """A course id with slashes or other signs is encoded in the path."""
    api = Api(view("done", 1))
    run(api, [str(uuid4())], course="a/b c")
    assert api.asked[0].url.raw_path == b"/api/admin/courses/a%2Fb%20c/assign"
