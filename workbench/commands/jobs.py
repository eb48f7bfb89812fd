"""`rollcall jobs`: shows the state of every scheduled job, queue and alert."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION

from workbench.api_client import ApiClient, TokenOption, UrlOption
from workbench.commands.selection import moment

PATH = "/api/jobs/overview"
MILLISECONDS_PER_SECOND = 1000
MINUTE_SECONDS, HOUR_SECONDS, DAY_SECONDS = 60, 3600, 86_400
UNITS = ((DAY_SECONDS, "days"), (HOUR_SECONDS, "h"), (MINUTE_SECONDS, "min"))
STYLES = {"ok": "green", "running": "cyan", "waiting": "dim", "failed": "red", "missed": "red"}

output = Console(highlight=False)


def show_jobs(
    as_json: Annotated[bool, typer.Option("--json", help="Print only the API's answer, as JSON.")] = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Show the runs of every scheduled job within a day, the queues, and active alerts."""
    # The numbers cover the whole deployment, so no organisation is needed.
    overview = ApiClient.open(url, token, [NIL_ORGANISATION], scopes=["admin:read"]).get(PATH)
    if as_json:
        typer.echo(json.dumps(overview))
        return
    hours = overview["window_seconds"] // HOUR_SECONDS
    output.print(_schedule(overview["jobs"], datetime.now(UTC)))
    output.print(
        f"\n{overview['run_count']:,} runs within {hours} h, {overview['failed_count']:,} failed "
        f"({overview['failure_rate']:.1%})"
    )
    output.print(_counts(overview["jobs"]))
    output.print()
    output.print(_queues(overview))
    output.print()
    _tell_alerts(overview)


def _schedule(jobs: list[dict[str, Any]], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("job", "schedule", "status", "last run", "next"):
        table.add_column(name, overflow="fold")
    for job in jobs:
        last = job["last_run"]
        status = " ".join(filter(None, [job["status"], last and last["error_code"]]))
        table.add_row(
            job["job"],
            job["schedule"],
            f"[{STYLES[job['status']]}]{status}[/]",
            _relative(last and last["started_at"], now),
            _relative(job["next_expected_at"], now),
        )
    return table


def _counts(jobs: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("job", no_wrap=True)
    for name in ("runs", "failed", "rate", "items", "retries", "P50", "P95"):
        table.add_column(name, justify="right", no_wrap=True)
    for job in jobs:
        table.add_row(
            job["job"],
            f"{job['run_count']:,}",
            f"{job['failed_count']:,}",
            f"{job['failure_rate']:.1%}",
            f"{job['items']:,}",
            f"{job['retries']:,}",
            _seconds(job["duration_p50_ms"]),
            _seconds(job["duration_p95_ms"]),
        )
    return table


def _queues(overview: dict[str, Any]) -> Table:
    open_letters = {row["queue"]: row["open_count"] for row in overview["dead_letters"]}
    table = Table(box=None, pad_edge=False)
    table.add_column("queue", no_wrap=True)
    for name in ("waiting", "in flight", "delayed", "dead letters open"):
        table.add_column(name, justify="right", no_wrap=True)
    for backlog in overview["backlog"]:
        depth = backlog["depth"] or {}
        counts = [depth.get(name) for name in ("waiting_count", "in_flight_count", "delayed_count")]
        cells = ["?" if count is None else f"{count:,}" for count in counts]
        table.add_row(backlog["queue"], *cells, f"{open_letters.pop(backlog['queue'], 0):,}")
    for queue, number in open_letters.items():
        table.add_row(queue, "", "", "", f"{number:,}")
    return table


def _tell_alerts(overview: dict[str, Any]) -> None:
    queues = overview["queues"]
    for name, seconds in (
        ("queue latency P95", queues["latency_p95_seconds"]),
        ("oldest queued batch", queues["oldest_waits_seconds"]),
        ("rollup lag", overview["rollup_lag_seconds"]),
    ):
        output.print(f"{name:<20} {'-' if seconds is None else f'{seconds:.1f} s'}")
    if overview["pages_from"]:
        output.print(f"Pages go out as warnings until {overview['pages_from'][:10]}.")
    if not overview["alerts"]:
        output.print("\nNo alert is active.")
        return
    output.print()
    for alert in overview["alerts"]:
        line = f"{alert['severity'].upper():<5} {alert['name']}, since {moment(alert['raised_at'])}: {alert['detail']}"
        output.print(line, style="red" if alert["severity"] == "page" else "yellow", markup=False, soft_wrap=True)


def _relative(text: str | None, now: datetime) -> str:
    if text is None:
        return "-"
    seconds = round((datetime.fromisoformat(text) - now).total_seconds())
    size = abs(seconds)
    number, unit = next(((size // each, unit) for each, unit in UNITS if size >= 2 * each), (size, "s"))
    return f"in {number} {unit}" if seconds > 0 else f"{number} {unit} ago"


def _seconds(duration_ms: float | None) -> str:
    if duration_ms is None:
        return "-"
    seconds = duration_ms / MILLISECONDS_PER_SECOND
    return f"{seconds:.2f} s" if seconds < MINUTE_SECONDS else f"{seconds / MINUTE_SECONDS:.1f} min"
