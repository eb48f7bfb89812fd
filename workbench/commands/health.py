"""`rollcall health`: prints the health of the running system, and with --follow each change as it comes."""

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION

from workbench.api_client import ApiClient, TokenOption, UrlOption
from workbench.commands.health_follower import Follower
from workbench.commands.health_view import Message, differences

PATH = "/api/health"
STYLES = {"ok": "green", "degraded": "yellow", "down": "red"}
# Members that change at each measurement: a person does not want to follow them.
RESTLESS = frozenset({"measured_at", "sequence"})

output = Console(highlight=False)
console = Console(stderr=True, highlight=False)


def show_health(
    org: Annotated[list[UUID] | None, typer.Option(help="Also show this organisation; repeat for several.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print changes as they come, until Ctrl-C.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print only the answer, or each message, as a line of JSON.")
    ] = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Show the health of the running system. Exits with 1 when it is down."""
    client = ApiClient.open(url, token, org or [NIL_ORGANISATION], scopes=["admin:read"])
    if follow:
        _follow(Follower(client, org or (), _tell_cut_off), as_json=as_json)
    health = client.get(PATH)
    if as_json:
        typer.echo(json.dumps(health))
    else:
        organisations = health.get("organisations") or {}
        _show(health, {org_id: organisations[org_id] for org_id in map(str, org or ()) if org_id in organisations})
    raise typer.Exit(1 if health["status"] == "down" else 0)


def _follow(follower: Follower, *, as_json: bool) -> None:
    shown: dict[str, Any] = {}
    for message in follower.messages():
        view = follower.view
        known = {**view.health, "organisations": view.organisations}
        if as_json:
            typer.echo(json.dumps(message))
        elif message["type"] == "problem":
            console.print(f"[yellow]{escape(message['detail'])}[/]")
        elif view.sequence is not None and not shown:
            _show(view.health, view.organisations)
        elif view.sequence is not None:
            _show_change(message, shown, known)
        shown = known if view.sequence is not None else {}


def _tell_cut_off(seconds: float, why: str) -> None:
    console.print(f"[yellow]cut off ({why}); connecting again in {seconds:.1f} s[/]")


def _show(health: dict[str, Any], organisations: dict[str, Any]) -> None:
    reasons = ", ".join(health.get("reasons", ()))
    output.print(f"[{STYLES[health['status']]}]{health['status']}[/] {escape(reasons)}".rstrip())
    if "slos" not in health:
        return  # without admin:read the answer has only the status
    output.print(f"since {health['since']}  sequence {health['sequence']}  version {health['version']}\n")
    output.print(_table(("objective", "value", "threshold", ""), _slos(health["slos"])))
    output.print()
    output.print(_table(("queue", "waiting", "oldest", "dead letters"), _queues(health["queues"])))
    for org_id, found in organisations.items():
        text = ", ".join(f"{path} {_text_of(value)}" for path, _, value in differences({}, found) if path != "org_id")
        output.print(f"\n{org_id}  {text}", soft_wrap=True)


def _slos(slos: dict[str, Any]) -> list[tuple[str, ...]]:
    # Violated objectives first.
    ordered = sorted(slos.items(), key=lambda item: (not item[1]["is_violated"], item[0]))
    return [
        (name, _text_of(slo.get("value")), f"{_text_of(slo['threshold'])} {slo['unit']}", _verdict(slo))
        for name, slo in ordered
    ]


def _verdict(slo: dict[str, Any]) -> str:
    if slo.get("value") is None:
        return "[dim]not measured[/]"
    return "[red]violated[/]" if slo["is_violated"] else "[green]met[/]"


def _queues(queues: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            name,
            _text_of((queue.get("depth") or {}).get("waiting_count")),
            _text_of(queue.get("oldest_age_seconds")),
            _text_of(queue.get("dead_letter_count")),
        )
        for name, queue in queues.items()
    ]


def _table(names: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for position, name in enumerate(names):
        table.add_column(name, justify="right" if position > 0 else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _show_change(message: Message, before: dict[str, Any], after: dict[str, Any]) -> None:
    changes = [found for found in differences(before, after) if found[0].rpartition(".")[2] not in RESTLESS]
    if not changes:
        return
    at = datetime.fromisoformat(message["sent_at"]).strftime("%H:%M:%S")
    text = "  ".join(f"{path} {_text_of(old)} → {_text_of(new)}" for path, old, new in changes)
    status = after["status"]
    output.print(f"{at}  [{STYLES[status]}]{status}[/]  {escape(text)}", soft_wrap=True)


def _text_of(value: object) -> str:
    match value:
        case None:
            return "-"
        case float():
            return f"{value:,.3f}".rstrip("0").rstrip(".")
        case str():
            return value
        case _:
            return json.dumps(value)
