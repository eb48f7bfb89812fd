"""`rollcall report`: a table for people, JSON or one CSV for programs, whatever the number of pages."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from tests.builders import ORG
from workbench import cli
from workbench.api_client import ApiClient

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
    assert "never: nothing was counted yet" in done.stdout
    assert "no rows" in done.stdout
