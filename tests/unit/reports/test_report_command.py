"""`rollcall report`: a table for people, JSON or one CSV for programs, whatever the number of pages."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from rich.console import Console
from rollcall.contracts.reports import (
    ActivityRow,
    CompletionRow,
    DropoffRow,
    EngagementRow,
    EnrollmentRow,
    ReportRow,
)
from typer.testing import CliRunner, Result

from tests.builders import ORG
from workbench import cli
from workbench.api_client import ApiClient
from workbench.commands import report

PATH = "/api/reports/enrollment"
Ask = Callable[..., Result]


def page(*courses: str, **more: Any) -> httpx.Response:
    rows = [{"course_id": course, "enrolled_count": 1234, "last_activity_at": None} for course in courses]
    return httpx.Response(200, json={"org_id": str(ORG), "as_of": "2026-03-10T12:00:00.5Z", "rows": rows, **more})


@pytest.fixture
def asked() -> list[httpx.Request]:
    """What the API was asked."""
    return []


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, asked: list[httpx.Request]) -> Ask:
    """Run the command on an API that gives these answers in turn."""

    def run(name: str, answers: list[httpx.Response], *options: str) -> Result:
        waiting = iter(answers)

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return next(waiting)

        client = ApiClient(httpx.Client(base_url="https://api.example", transport=httpx.MockTransport(answer)))
        monkeypatch.setattr(ApiClient, "open", lambda *_given: client)
        return CliRunner().invoke(cli.app, ["report", name, "--org", str(ORG), *options])

    return run


def test_a_table_has_the_rows_of_all_pages(ask: Ask, asked: list[httpx.Request]) -> None:
    """Page after page by cursor, with thousands, and a dash for what is not known."""
    done = ask("enrollment", [page("algebra", next_cursor="abcd"), page("geometry")], "--course", "x")

    assert done.exit_code == 0
    assert "As of 2026-03-10T12:00." in done.stdout
    assert [line.split() for line in done.stdout.splitlines() if "1,234" in line] == [
        ["algebra", "1,234", "-"], ["geometry", "1,234", "-"],
    ]  # fmt: skip
    assert [request.url.params.get("cursor") for request in asked] == [None, "abcd"]
    assert {request.url.params["course_id"] for request in asked} == {"x"}
    assert asked[0].url.path == PATH


def test_json_is_one_document_and_nothing_else(ask: Ask) -> None:
    """With the rows of all pages, and no cursor left."""
    done = ask("enrollment", [page("algebra", next_cursor="abcd"), page("geometry")], "--json")

    document = json.loads(done.stdout)
    assert [row["course_id"] for row in document["rows"]] == ["algebra", "geometry"]
    assert "next_cursor" not in document


def test_csv_is_one_file_with_one_header(ask: Ask, asked: list[httpx.Request]) -> None:
    """Whatever follows the first page has no header, and its place comes from the Link."""
    link = {"Link": f'<{PATH}?org_id={ORG}&cursor=abcd&format=csv>; rel="next"'}
    answers = [httpx.Response(200, text="a,b\r\n1,2\r\n", headers=link), httpx.Response(200, text="a,b\r\n3,4\r\n")]

    done = ask("enrollment", answers, "--csv")

    assert done.stdout_bytes == b"a,b\r\n1,2\r\n3,4\r\n"
    assert [request.url.params.get("cursor") for request in asked] == [None, "abcd"]


def test_a_blank_report_says_so(ask: Ask) -> None:
    """Nothing was counted yet: no error."""
    blank = httpx.Response(200, json={"org_id": str(ORG), "as_of": None, "rows": []})

    done = ask("enrollment", [blank])

    assert done.exit_code == 0
    assert "never: no statistics yet" in done.stdout
    assert "no rows" in done.stdout


def test_csv_for_excel_has_one_mark(ask: Ask, asked: list[httpx.Request]) -> None:
    """First of all; pages after the first have neither mark nor header."""
    link = {"Link": f'<{PATH}?org_id={ORG}&cursor=abcd&format=csv&excel=1>; rel="next"'}
    answers = [
        httpx.Response(200, text="\ufeffa,b\r\n1,2\r\n", headers=link),
        httpx.Response(200, text="\ufeffa,b\r\n3,4\r\n"),
    ]

    done = ask("enrollment", answers, "--excel")

    assert done.stdout_bytes == "\ufeffa,b\r\n1,2\r\n3,4\r\n".encode()
    assert [request.url.params.get("excel") for request in asked] == ["1", "1"]


IDS = ["a", "course-v1:Organisation+Course+2026", "block-v1:Org+Course+Run+type@video+block@" + "0" * 60, "[bold]x[/]"]
ROWS: dict[str, type[ReportRow]] = {
    "engagement": EngagementRow,
    "completion": CompletionRow,
    "lesson-dropoff": DropoffRow,
    "enrollment": EnrollmentRow,
    "activity": ActivityRow,
}


@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("id_", IDS)
def test_ids_and_figures_are_whole_at_any_width(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, name: str, id_: str, width: int
) -> None:
    """Nothing is cut or folded, and no line but that of long ids is wider than the screen."""
    monkeypatch.setattr(report, "output", Console(width=width, highlight=False))
    row: dict[str, Any] = {}
    for number, member in enumerate(ROWS[name].model_fields):
        is_time = member == "at" or member.endswith("_at")
        row[member] = id_ if member.endswith("_id") else "2026-03-10T12:00:00Z" if is_time else 1_234_567 + number
    document = {"org_id": str(ORG), "as_of": None, "rows": [row, row], "from": None, "to": None}

    done = ask(name, [httpx.Response(200, json=document)])

    shown = [value if isinstance(value, str) else f"{value:,}" for value in row.values()]
    for value in shown:
        assert done.stdout.count(value.removesuffix(":00Z")) >= 2, value
    assert "\u2026" not in done.stdout
    assert all(len(line) <= width for line in done.stdout.splitlines() if id_ not in line)
