"""The report of a run: a table for people, JSON for programs."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.table import Table

from workbench.bench.database import BenchDatabase
from workbench.bench.figures import Figure, format_number
from workbench.bench.plan import Plan

VERDICTS = {True: "[green]met[/green]", False: "[red]missed[/red]", None: ""}
DURABILITY = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size")


def facts(plan: Plan, database: BenchDatabase) -> dict[str, Any]:
    """Return the machine and versions of the run."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": plan.is_quick,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "postgresql": database.ask("show server_version"),
        "settings": {name: database.ask(f"show {name}") for name in DURABILITY},
        "workers": plan.workers,
        "rounds": plan.rounds,
        "round_seconds": plan.round_seconds,
    }


def table_of(figures: list[Figure], plan: Plan) -> Table:
    """Return the figures as a table, section by section."""
    title = "Rollcall, measured" + (
        " from a short run: a test of the bench, not figures to quote" if plan.is_quick else ""
    )
    table = Table(title=title)
    table.add_column("figure", overflow="fold")
    for name in ("median", "min", "max"):
        table.add_column(name, justify="right")
    for name in ("unit", "target", "verdict"):
        table.add_column(name)
    section = ""
    for figure in figures:
        if figure.section != section:
            section = figure.section
            table.add_section()
            table.add_row(f"[bold]{section}[/bold]")
        table.add_row(*_row(figure))
    return table


def _row(figure: Figure) -> list[str]:
    numbers = (figure.median, min(figure.values), max(figure.values))
    target = str(figure.target) if figure.target else ""
    return [figure.name, *map(format_number, numbers), figure.unit, target, VERDICTS[figure.is_met]]


def write_json(path: Path, machine: dict[str, Any], figures: list[Figure]) -> None:
    """Write all figures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    report = {"facts": machine, "figures": [figure.as_json() for figure in figures]}
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
