"""`rollcall rollup`: compute an organisation's rollups again from its events."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console

from workbench.api_client import ApiClient, ApiUnavailable, TokenOption, UrlOption
from workbench.commands.follow_operation import View, finish, follow
from workbench.errors import WorkbenchError

PATH = "/api/admin/rollups/rebuilds"
DAY = "%Y-%m-%d"

console = Console(stderr=True, highlight=False)
output = Console(highlight=False)
app = typer.Typer(name="rollup", no_args_is_help=True, help="Compute rollups again.")

OrgOption = Annotated[UUID, typer.Option(help="The organisation.")]
DetachOption = Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print only the API's answer, as JSON.")]


@app.command("rebuild")
def rebuild(
    org: OrgOption,
    day: Annotated[datetime | None, typer.Option(formats=[DAY], help="Only this day (UTC).")] = None,
    first_day: Annotated[datetime | None, typer.Option("--from", formats=[DAY], help="The first day.")] = None,
    last_day: Annotated[datetime | None, typer.Option("--to", formats=[DAY], help="The last day, inclusive.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count the days, and change nothing.")] = False,
    reason: Annotated[str | None, typer.Option(help="The reason, for the audit.")] = None,
    detach: DetachOption = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Compute an organisation's rollups again from its events, for all days by default. Safe to run twice."""
    if day and (first_day or last_day):
        raise WorkbenchError("Name either one day (--day) or a window (--from, --to).")
    days = {"first_day": _date(day or first_day), "last_day": _date(day or last_day)}
    body: dict[str, Any] = {"org_id": str(org), "dry_run": dry_run, **days, "reason": reason}
    client = ApiClient.open(url, token, [org])
    view = client.post(PATH, {name: value for name, value in body.items() if value is not None})
    _conclude(client, view, detach=detach, as_json=as_json)


@app.command("status")
def show_status(
    operation_id: Annotated[UUID, typer.Argument(help="The rebuild's id.")],
    org: OrgOption,
    wait: Annotated[bool, typer.Option("--follow", "-f", help="Wait for the end, and show the progress.")] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Show the progress of a rebuild."""
    client = ApiClient.open(url, token, [org])
    _conclude(client, client.get(f"{PATH}/{operation_id}"), detach=not wait, as_json=as_json)


def _conclude(client: ApiClient, view: View, *, detach: bool, as_json: bool) -> None:
    path = f"{PATH}/{view['operation_id']}"
    if not detach:
        try:
            view = follow(console, view, lambda: client.get(path))
        except (KeyboardInterrupt, ApiUnavailable):
            console.print(
                f"The rebuild continues by itself. To see it: rollcall rollup status {view['operation_id']}"
                f" --org {view['org_id']}"
            )
            raise
    finish(output, view, as_json=as_json)


def _date(moment: datetime | None) -> str | None:
    return date.isoformat(moment.date()) if moment else None
