"""`rollcall assign`: assign a course to many learners, in orders of ten thousand, and wait until they are done."""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID, uuid4

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rollcall.contracts.assignments import LEARNERS_MAX
from rollcall.contracts.identifiers import read_uuid
from rollcall.contracts.operations import UNFINISHED

from workbench.api_client import ApiClient, ApiUnavailable, TokenOption, UrlOption
from workbench.commands.follow_operation import View
from workbench.commands.times import read_moment
from workbench.errors import WorkbenchError

POLL_SECONDS = 0.5
BYTE_ORDER_MARK = "\ufeff"
COUNTS = ("assigned", "already_assigned", "updated")

console = Console(stderr=True, highlight=False)
output = Console(highlight=False)


def assign(
    course: Annotated[str, typer.Argument(help="The course's id.")],
    org: Annotated[UUID, typer.Option(help="The organisation.")],
    users: Annotated[
        str,
        typer.Option(help="A file with a learner's UUID in each line, or a CSV with one column. - is standard input."),
    ],
    due: Annotated[
        str | None,
        typer.Option(help="When the course is due: a day or a time (UTC without an offset). Default: unchanged."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="The reason, for the audit. No names of people.")] = None,
    key: Annotated[
        str | None, typer.Option(help="The key that an interrupted run printed. The command then continues that run.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the API's last answers, as JSON.")] = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Assign a course to learners. Safe to run twice."""
    named = _learners(users)
    client, key = ApiClient.open(url, token, [org]), key or str(uuid4())
    optional = {"due_at": read_moment(due) if due else None, "reason": reason}
    body = {"org_id": str(org)} | {name: value for name, value in optional.items() if value is not None}
    try:
        views = list(_order(client, course, body, named, key))
    except (KeyboardInterrupt, ApiUnavailable):
        console.print(f"No assignment is lost. Continue with the same command and --key {key}", soft_wrap=True)
        raise
    _finish(views, as_json=as_json)


def _learners(users: str) -> list[str]:
    """Return the learners of a file, each once; raises WorkbenchError with the number of a line without a UUID."""
    try:
        text = sys.stdin.read() if users == "-" else Path(users).read_text(encoding="utf-8")
    except (OSError, ValueError) as fault:
        raise WorkbenchError(f"{users} cannot be read: {type(fault).__name__}.") from None
    found: dict[str, None] = {}
    for number, line in enumerate(text.removeprefix(BYTE_ORDER_MARK).splitlines(), start=1):
        # A spreadsheet quotes cells, and may end a line with an empty cell.
        if cell := line.strip().rstrip(",;\t").strip().strip("\"'").strip():
            if (user_id := read_uuid(cell)) is None:
                raise WorkbenchError(f"Line {number} is not a UUID. Nothing was sent.")
            found[str(user_id)] = None
    if not found:
        raise WorkbenchError("The file names no learner.")
    return list(found)


def _order(client: ApiClient, course: str, body: dict[str, Any], named: list[str], key: str) -> Iterator[View]:
    """Yield each order when it has ended."""
    path = f"/api/admin/courses/{quote(course, safe='')}/assign"
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("assigning", total=len(named))
        for before in range(0, len(named), LEARNERS_MAX):
            order = body | {"user_ids": named[before : before + LEARNERS_MAX]}
            view = client.post(path, order, {"Idempotency-Key": f"{key}.{before // LEARNERS_MAX + 1}"})
            yield _follow(client, view, partial(_show, progress, task, before))


def _show(progress: Progress, task: TaskID, before: int, done: int) -> None:
    progress.update(task, completed=before + done)


def _follow(client: ApiClient, view: View, show: Callable[[int], object]) -> View:
    while True:
        show(view["counts"]["done"])
        if view["state"] not in UNFINISHED:
            return view
        time.sleep(POLL_SECONDS)
        view = client.get(f"/api/admin/assignments/{view['operation_id']}")


def _finish(views: list[View], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(views))
    else:
        counted: Counter[str] = Counter()
        for view in views:
            counted.update({name: view["counts"][name] for name in COUNTS})
            output.print(f"assign {view['operation_id']} {view['state']}", soft_wrap=True)
        output.print("  ".join(f"{name} {counted[name]:,}" for name in COUNTS))
    if any(view["state"] != "done" for view in views):
        raise typer.Exit(1)
