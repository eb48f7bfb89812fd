"""`rollcall snapshot` and `rollcall purge`: list, verify and restore snapshots; delete a window for good."""

import json
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Column, Table

from workbench.api_client import ApiClient, TokenOption, UrlOption
from workbench.commands.follow_operation import View, finish, follow
from workbench.commands.times import read_moment
from workbench.errors import WorkbenchError

SNAPSHOTS, PURGE = "/api/admin/snapshots", "/api/admin/purge"
LIST_MAX = 1000

console = Console(stderr=True, highlight=False)
output = Console(highlight=False)
snapshots = typer.Typer(name="snapshot", no_args_is_help=True, help="Snapshots of days that retention dropped.")

OrgOption = Annotated[UUID, typer.Option(help="The organisation.")]
TableOption = Annotated[str, typer.Option(help="progress_events or analytics_events.")]
DayOption = Annotated[str, typer.Option(help="The day (UTC), such as 2026-03-01.")]
ReasonOption = Annotated[str | None, typer.Option(help="The reason, for the audit.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print only the API's answer, as JSON.")]


@snapshots.command("list")
def list_files(
    org: OrgOption,
    table: Annotated[str | None, typer.Option(help="Only this table.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="The first day.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="The last day, inclusive.")] = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """List the files of an organisation's snapshots."""
    query = {"table": table, "from": first and _day(first), "to": last and _day(last)}
    client = ApiClient.open(url, token, [org], scopes=("admin:read",))
    named = {name: value for name, value in query.items() if value}
    found = client.get(SNAPSHOTS, org_id=str(org), limit=LIST_MAX, **named)
    if as_json:
        typer.echo(json.dumps(found))
        return
    right = [Column(name, justify="right") for name in ("rows", "bytes")]
    left = [Column(name, no_wrap=True) for name in ("table", "day", "seq", "part")]
    listed = Table(*left, *right, "written", "kept until", box=None)
    for file in found["snapshots"]:
        listed.add_row(
            file["table"],
            file["day"],
            str(file["sequence"]),
            str(file["part"]),
            f"{file['rows']:,}",
            f"{file['bytes']:,}",
            file["created_at"][:10],
            file["expires_at"][:10],
        )
    output.print(listed)


@snapshots.command("verify")
def verify(
    org: OrgOption,
    table: TableOption,
    day: DayOption,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Read a day's snapshot, and compare it with its digests and signature. Exits with 1 when it is damaged."""
    client = ApiClient.open(url, token, [org], scopes=("admin:read",))
    report = client.post(f"{SNAPSHOTS}/verify", {"org_id": str(org), "table": table, "day": _day(day)})
    if as_json:
        typer.echo(json.dumps(report))
    else:
        for file in report["files"]:
            output.print(f"{file['object_key']}  {file.get('fault') or 'intact'}", soft_wrap=True)
        output.print(f"manifest  {report.get('manifest_fault') or 'signed, and says what is there'}", soft_wrap=True)
        output.print(f"{report['rows']:,} rows {'intact' if report['intact'] else 'NOT INTACT'}")
    if not report["intact"]:
        raise typer.Exit(1)


@snapshots.command("restore")
def restore(
    org: OrgOption,
    table: TableOption,
    day: DayOption,
    scratch: Annotated[
        bool,
        typer.Option("--scratch", help="Restore into a table of the schema rollcall_scratch, not into the live table."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only read and verify every file.")] = False,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Restore one organisation's rows of a day from the snapshot. Safe to run twice."""
    client = ApiClient.open(url, token, [org])
    body: dict[str, Any] = {
        "org_id": str(org),
        "table": table,
        "day": _day(day),
        "target": "scratch" if scratch else "live",
        "dry_run": dry_run,
    }
    view = client.post(f"{SNAPSHOTS}/restore", body | ({"reason": reason} if reason else {}))
    view = _follow(client, f"{SNAPSHOTS}/restore/{view['operation_id']}", view)
    if view.get("scratch_table") and not as_json:
        output.print(f"in {view['scratch_table']}, for a week")
    finish(output, view, as_json=as_json)


def purge(
    org: OrgOption,
    from_at: Annotated[str, typer.Option("--from", help="Start of the window: a day or a time (UTC).")],
    to_at: Annotated[str, typer.Option("--to", help="End of the window, exclusive.")],
    reason: Annotated[str, typer.Option(help="The reason, for the audit.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be deleted, and change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Delete all events of an organisation in a window for good, live and in snapshots."""
    if not (dry_run or yes):
        typer.confirm(f"Delete all events of {org} from {from_at} to {to_at}? This cannot be undone", abort=True)
    client = ApiClient.open(url, token, [org], scopes=("admin:breakglass",))
    body = {
        "org_id": str(org),
        "from": read_moment(from_at),
        "to": read_moment(to_at),
        "reason": reason,
        "dry_run": dry_run,
    }
    view = client.post(PURGE, body)
    finish(output, _follow(client, f"{PURGE}/{view['operation_id']}", view), as_json=as_json)


def _follow(client: ApiClient, path: str, view: View) -> View:
    return follow(console, view, lambda: client.get(path))


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise WorkbenchError(f"{text} is not a day, such as 2026-03-01.") from None
