"""`rollcall report`: prints an organisation's report as a table, as JSON or as CSV."""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import typer
from rich.columns import Columns
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Column, Table

from workbench.api_client import ApiClient, TokenOption, UrlOption
from workbench.errors import WorkbenchError

PATH = "/api/reports"
PAGE = 100
WIDTH_MAX = 10_000  # wide enough to measure a table's natural width
COLUMNS_WIDE = 8  # a report with one row and more columns than this is printed from top to bottom

NOISE = re.compile(r"(T00:00:00|:[0-9]{2}(\.[0-9]+)?)Z$")  # seconds and midnight, which a table leaves out

output = Console(highlight=False)

Query = dict[str, str | int]


class Name(StrEnum):
    """The reports, named as in the API."""

    OVERVIEW = "overview"
    ENGAGEMENT = "engagement"
    COMPLETION = "completion"
    LESSON_DROPOFF = "lesson-dropoff"
    ENROLLMENT = "enrollment"
    ACTIVITY = "activity"


def report(
    name: Annotated[Name, typer.Argument(help="The report.")],
    org: Annotated[UUID, typer.Option(help="The organisation.")],
    from_day: Annotated[str | None, typer.Option("--from", help="The first day of the window (UTC).")] = None,
    to_day: Annotated[str | None, typer.Option("--to", help="End of the window, exclusive.")] = None,
    course: Annotated[str | None, typer.Option(help="Only this course.")] = None,
    grain: Annotated[str | None, typer.Option(help="For activity: day or hour.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print only CSV.")] = False,
    for_excel: Annotated[
        bool, typer.Option("--excel", help="Print only CSV, with the byte order mark that Excel needs for UTF-8.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Print a report of an organisation, with all its pages."""
    if (as_csv or for_excel) and as_json:
        raise WorkbenchError("Choose either CSV (--csv, --excel) or JSON (--json).")
    client = ApiClient.open(url, token, [org], ["admin:read"])
    given = {"org_id": str(org), "from": from_day, "to": to_day, "course_id": course, "grain": grain}
    query: Query = {key: value for key, value in given.items() if value is not None}
    if name != Name.OVERVIEW:
        query["limit"] = PAGE
    if for_excel:
        query["excel"] = "1"
    if as_csv or for_excel:
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
    """Yield the pages of a report as CSV. Only the first has the header."""
    text, following = client.get_text(f"{PATH}/{name}", **query, format="csv")
    yield text
    while following is not None:
        (cursor,) = parse_qs(urlsplit(following).query)["cursor"]
        text, following = client.get_text(f"{PATH}/{name}", **query, format="csv", cursor=cursor)
        yield text.partition("\r\n")[2]


def _show(whole: dict[str, Any]) -> None:
    rows: list[dict[str, Any]] = whole["rows"]
    window = f", from {whole['from']} until before {whole['to']}" if whole.get("from") and whole.get("to") else ""
    output.print(f"As of {_text(whole['as_of']) if whole['as_of'] else 'never: no statistics yet'}{window}.")
    if len(rows) == 1 and len(rows[0]) > COLUMNS_WIDE:
        table = Table(show_header=False, box=None)
        for column, value in rows[0].items():
            table.add_row(column, _text(value))
        output.print(table)
    elif rows:
        _show_rows(rows)
    else:
        output.print(" no rows")


def _show_rows(rows: list[dict[str, Any]]) -> None:
    """Print a table if it fits the width, with the header in one line or one word a line; else print row after row.

    Ids are never broken, because people copy them into other commands.
    """
    unlimited = output.options.update_width(WIDTH_MAX)
    for separator in (" ", "\n"):
        names = [Column(name.replace("_", separator), no_wrap=True) for name in rows[0]]
        table = Table(*names, box=None)
        for row in rows:
            table.add_row(*(escape(_text(value)) for value in row.values()))
        if Measurement.get(output, unlimited, table).maximum <= output.width:
            output.print(table)
            return
    for row in rows:
        named = {name: _text(value) for name, value in row.items()}
        ids = [named.pop(name) for name in row if name.endswith("_id") or name == "at"]
        output.print(" " + "  ".join(ids), style="bold", markup=False, soft_wrap=True)
        figures = [escape(f"{name.replace('_', ' ')}: {value}") for name, value in named.items()]
        output.print(Padding(Columns(figures, padding=(0, 3), equal=True), (0, 0, 0, 3)))


def _text(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return "-" if value is None else NOISE.sub("", str(value))
