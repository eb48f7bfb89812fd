"""`rollcall replay` and `rollcall replays`: apply accepted events again."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Column, Table

from workbench.api_client import ApiClient, ApiUnavailable, TokenOption, UrlOption
from workbench.commands.follow_operation import View, counts_of, finish, follow
from workbench.commands.times import read_moment
from workbench.errors import WorkbenchError

PATH = "/api/admin/offline/replay"

console = Console(stderr=True, highlight=False)
output = Console(highlight=False)
replays = typer.Typer(name="replays", no_args_is_help=True, help="Follow, cancel and list replays.")

OrgOption = Annotated[UUID, typer.Option(help="The organisation.")]
OfOrgOption = Annotated[
    UUID | None, typer.Option(help="The replay's organisation. For the local stack, the token is signed for it.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print only the API's answer, as JSON.")]
IdArgument = Annotated[UUID, typer.Argument(help="The replay's id.")]


def replay(
    org: OrgOption,
    from_at: Annotated[
        str, typer.Option("--from", help="Start of the window: a day or a time (UTC without an offset).")
    ],
    to_at: Annotated[str | None, typer.Option("--to", help="End of the window, exclusive. Default: now.")] = None,
    user: Annotated[UUID | None, typer.Option(help="Only this learner.")] = None,
    source: Annotated[
        str, typer.Option(help="What to apply again: events, spool, dead_letters or snapshots.")
    ] = "events",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be done, and change nothing.")] = False,
    rate: Annotated[
        float | None, typer.Option(help="Most learners (for events) or objects (else) in a second.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="The reason, for the audit.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Apply accepted events of a window again, and show the progress. Safe to run twice."""
    client = ApiClient.open(url, token, [org])
    body: dict[str, Any] = {
        "org_id": str(org),
        "from": read_moment(from_at),
        "to": read_moment(to_at) if to_at else datetime.now(UTC).isoformat(),
        "source": source,
        "dry_run": dry_run,
    }
    optional = {"user_id": str(user) if user else None, "rate": rate, "reason": reason}
    view = client.post(PATH, body | {name: value for name, value in optional.items() if value is not None})
    if detach:
        finish(output, view, as_json=as_json)
        _say_how_to_go_on(view)
    else:
        _follow(client, view, as_json=as_json)


@replays.command("status")
def show_status(
    replay_id: IdArgument,
    org: OfOrgOption = None,
    wait: Annotated[bool, typer.Option("--follow", "-f", help="Wait for the end, and show the progress.")] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Show the progress of a replay."""
    client = _client(org, url, token)
    view = client.get(f"{PATH}/{replay_id}")
    if wait:
        _follow(client, view, as_json=as_json)
    else:
        finish(output, view, as_json=as_json)


@replays.command("cancel")
def cancel(
    replay_id: IdArgument,
    org: OfOrgOption = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Cancel a replay: at once, or after the current part. Finished work stays."""
    view = _client(org, url, token).post(f"{PATH}/{replay_id}/cancel")
    if as_json:
        typer.echo(json.dumps(view))
    else:
        output.print(f"replay {replay_id} is {view['state']}", soft_wrap=True)


@replays.command("list")
def list_latest(
    org: OrgOption,
    limit: Annotated[int, typer.Option(help="Most replays to list.")] = 20,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """List an organisation's latest replays."""
    found = _client(org, url, token).get(PATH, org_id=str(org), limit=limit)
    if as_json:
        typer.echo(json.dumps(found))
        return
    replay_id = Column("replay", no_wrap=True)  # not wrapped, so that ids can be copied
    table = Table(replay_id, "requested at", "source", "state", "progress", "counts", box=None)
    for view in found["replays"]:
        state = f"{view['state']} (dry run)" if view["dry_run"] else view["state"]
        progress = f"{100 * view['progress']:.0f} %"
        table.add_row(view["replay_id"], view["requested_at"][:19], view["source"], state, progress, counts_of(view))
    output.print(table)


def _client(org: UUID | None, url: str | None, token: str | None) -> ApiClient:
    if org is None and token is None:
        raise WorkbenchError("Name the organisation with --org, or give a token for it with --token.")
    return ApiClient.open(url, token, [org] if org else [])


def _follow(client: ApiClient, view: View, *, as_json: bool) -> None:
    try:
        view = follow(console, view, lambda: client.get(f"{PATH}/{view['replay_id']}"))
    except (KeyboardInterrupt, ApiUnavailable):
        _say_how_to_go_on(view)
        raise
    finish(output, view, as_json=as_json)


def _say_how_to_go_on(view: View) -> None:
    known = f"{view['replay_id']} --org {view['org_id']}"
    console.print("The replay continues by itself. To follow or cancel it:", soft_wrap=True)
    console.print(f"  rollcall replays status --follow {known}", soft_wrap=True)
    console.print(f"  rollcall replays cancel {known}", soft_wrap=True)
