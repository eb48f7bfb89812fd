"""`rollcall report`: an organisation's figures, as a table, as JSON or as CSV."""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Column, Table

from workbench.api_client import ApiClient, TokenOption, UrlOption
from workbench.errors import WorkbenchError

PATH = "/api/reports"
PAGE = 1_000
COLUMNS_WIDE = 8  # a report with more columns than this and but one row reads better from top to bottom

SECONDS = re.compile(r":[0-9]{2}(\.[0-9]+)?Z$")  # of a time: nobody reads them in a table

output = Console(highlight=False)

Query = dict[str, str | int]


class Name(StrEnum):
    """The reports there are, by the names they have in the API."""

    OVERVIEW = "overview"
    ENGAGEMENT = "engagement"
    COMPLETION = "completion"
    LESSON_DROPOFF = "lesson-dropoff"
    ENROLLMENT = "enrollment"
    ACTIVITY = "activity"


def report(
    name: Annotated[Name, typer.Argument(help="Which report.")],
    org: Annotated[UUID, typer.Option(help="The organisation.")],
    from_day: Annotated[str | None, typer.Option("--from", help="The first day of the window, in UTC.")] = None,
    to_day: Annotated[str | None, typer.Option("--to", help="The day that ends it, itself not included.")] = None,
    course: Annotated[str | None, typer.Option(help="One course alone.")] = None,
    grain: Annotated[str | None, typer.Option(help="Of activity: day or hour.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, and nothing else.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Print a report, all of its pages."""
    if as_csv and as_json:
        raise WorkbenchError("It is either --csv or --json.")
    client = ApiClient.open(url, token, [org], ["admin:read"])
    given = {"org_id": str(org), "from": from_day, "to": to_day, "course_id": course, "grain": grain}
    query: Query = {key: value for key, value in given.items() if value is not None}
    if name != Name.OVERVIEW:
        query["limit"] = PAGE
    if as_csv:
        for text in _csv_pages(client, name, query):
            typer.echo(text, nl=False)
        return
    whole = _whole(client, name, query)
    if as_json:
        typer.echo(json.dumps(whole))
    else:
        _show(whole)


def _whole(client: ApiClient, name: Name, query: Query) -> dict[str, Any]:
    """Return a report with the rows of all its pages."""
    whole = page = client.get(f"{PATH}/{name}", **query)
    while cursor := page.get("next_cursor"):
        page = client.get(f"{PATH}/{name}", **query, cursor=cursor)
        whole["rows"] += page["rows"]
    whole.pop("next_cursor", None)
    return whole


def _csv_pages(client: ApiClient, name: Name, query: Query) -> Iterator[str]:
    """Yield the pages of a report as CSV, the header with the first alone."""
    text, following = client.get_text(f"{PATH}/{name}", **query, format="csv")
    yield text
    while following is not None:
        (cursor,) = parse_qs(urlsplit(following).query)["cursor"]
        text, following = client.get_text(f"{PATH}/{name}", **query, format="csv", cursor=cursor)
        yield text.partition("\r\n")[2]


def _show(whole: dict[str, Any]) -> None:
    rows: list[dict[str, Any]] = whole["rows"]
    window = f", from {whole['from']} until before {whole['to']}" if whole.get("from") and whole.get("to") else ""
    output.print(f"As of {whole['as_of'] or 'never: nothing was counted yet'}{window}.")
    if len(rows) == 1 and len(rows[0]) > COLUMNS_WIDE:
        table = Table(show_header=False, box=None)
        for column, value in rows[0].items():
            table.add_row(column, _text(value))
    else:
        # Names that may break at each word, and values that fold instead of being cut.
        names = [column.replace("_", " ") for column in (rows[0] if rows else ["no rows"])]
        table = Table(*(Column(name, overflow="fold") for name in names), box=None)
        for row in rows:
            table.add_row(*map(_text, row.values()))
    output.print(table)


def _text(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return "-" if value is None else SECONDS.sub("", str(value))
