"""Follows an operation on the terminal until it is finished."""

import json
import time
from collections.abc import Callable
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rollcall.contracts.operations import UNFINISHED

from workbench.api_client import ApiUnavailable

POLL_SECONDS = 0.5
MISSES_MAX = 60  # gives up after half a minute without an answer
HIDDEN_COUNTS = {"total", "done"}  # the texts that the bar shows

View = dict[str, Any]


def follow(console: Console, view: View, read: Callable[[], View]) -> View:
    """Show a progress bar until the operation is finished, and return its last state. Raises ApiUnavailable."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    misses = 0
    with Progress(*columns, TextColumn("{task.fields[counts]}"), console=console) as progress:
        task = progress.add_task(view["state"], total=1.0, counts="")
        while True:
            progress.update(task, description=view["state"], completed=view["progress"], counts=counts_of(view))
            if view["state"] not in UNFINISHED:
                return view
            time.sleep(POLL_SECONDS)
            try:
                view, misses = read(), 0
            except ApiUnavailable:
                misses += 1
                if misses >= MISSES_MAX:
                    raise


def counts_of(view: View) -> str:
    """Return an operation's counts in a line."""
    return "  ".join(
        f"{name} {number:,}" for name, number in sorted(view["counts"].items()) if name not in HIDDEN_COUNTS
    )


def finish(console: Console, view: View, *, as_json: bool) -> None:
    """Print an operation's state, and end the command: with 0 if it is done or active, else with 1."""
    if as_json:
        typer.echo(json.dumps(view))
    else:
        why = f" ({view['error_code']})" if view.get("error_code") else ""
        dry = " (dry run: nothing was changed)" if view["dry_run"] else ""
        console.print(f"{view['kind']} {view['operation_id']} {view['state']}{why}{dry}", soft_wrap=True)
        if counts := counts_of(view):
            console.print(counts, soft_wrap=True)
    if view["state"] in {"failed", "cancelled"}:
        raise typer.Exit(1)
