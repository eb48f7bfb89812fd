"""`rollcall bench`: measures Rollcall beside its baselines."""

from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from workbench.bench import report
from workbench.bench.bench import Bench, Section
from workbench.bench.database import new_database
from workbench.bench.figures import Figure
from workbench.bench.plan import QUICK, Plan
from workbench.bench.sections import (
    analytics,
    closed_loop,
    fanout,
    growth,
    imports,
    open_loop,
    overhead,
    plans,
    redrive,
    replay,
    reports,
    retention,
    rollups,
    scrub,
    sockets,
    web,
)
from workbench.checkout import here
from workbench.errors import WorkbenchError

console = Console(stderr=True, highlight=False)


class Part(StrEnum):
    """The sections, by their names on the command line."""

    OPEN = "open"
    CLOSED = "closed"
    WEB = "web"
    ANALYTICS = "analytics"
    OVERHEAD = "overhead"
    IMPORTS = "imports"
    GROWTH = "growth"
    PLANS = "plans"
    SCRUB = "scrub"
    REPLAY = "replay"
    REDRIVE = "redrive"
    REPORTS = "reports"
    ROLLUPS = "rollups"
    RETENTION = "retention"
    SOCKETS = "sockets"
    FANOUT = "fanout"


SECTIONS: dict[Part, Section] = {
    Part.OPEN: open_loop,
    Part.CLOSED: closed_loop,
    Part.WEB: web,
    Part.ANALYTICS: analytics,
    Part.OVERHEAD: overhead,
    Part.IMPORTS: imports,
    Part.GROWTH: growth,
    Part.PLANS: plans,
    Part.SCRUB: scrub,
    Part.REPLAY: replay,
    Part.REDRIVE: redrive,
    Part.REPORTS: reports,
    Part.ROLLUPS: rollups,
    Part.RETENTION: retention,
    Part.SOCKETS: sockets,
    Part.FANOUT: fanout,
}


def bench(
    quick: Annotated[
        bool, typer.Option("--quick", help="Measure only a few seconds each, to test the bench itself.")
    ] = False,
    rounds: Annotated[
        int | None, typer.Option(min=1, help="Rounds of each measurement. The report shows the median.")
    ] = None,
    only: Annotated[list[Part] | None, typer.Option(help="Measure only this section; repeat for several.")] = None,
    stored: Annotated[
        list[int] | None,
        typer.Option(min=1000, help="Rows stored before the measurement, for growth; repeat for several levels."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Execution environments at the same time.")] = None,
    json: Annotated[Path | None, typer.Option(help="File for the JSON report.")] = None,
) -> None:
    """Measure speed beside baselines, on a temporary PostgreSQL. For developers."""
    given = {"rounds": rounds, "stored": tuple(stored or ()), "workers": workers}
    named: dict[str, Any] = {name: value for name, value in given.items() if value}
    plan = replace(QUICK if quick else Plan(), **named)
    target = json or here().home / "bench" / "result.json"
    figures = _measure(plan, list(only or Part), target)
    console.print(report.table_of(figures, plan))
    console.print(f"JSON: {target}")


def _measure(plan: Plan, parts: list[Part], target: Path) -> list[Figure]:
    home = here().home / "bench"
    home.mkdir(parents=True, exist_ok=True)
    figures: list[Figure] = []
    with (
        _progress() as progress,
        TemporaryDirectory(dir=home) as scratch,
        new_database(home, here().schema) as database,
    ):
        task = progress.add_task("starting", total=sum(SECTIONS[part].steps(plan) for part in parts))
        step = partial(progress.update, task, advance=1)
        run = Bench(plan, database, home, Path(scratch), lambda what: step(description=what))
        machine = report.facts(plan, database)
        for part in parts:
            figures += SECTIONS[part].measure(run)
            report.write_json(target, machine, figures)
    if not figures:
        raise WorkbenchError("No section could be measured.")
    return figures


def _progress() -> Progress:
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    return Progress(*columns, console=console)
