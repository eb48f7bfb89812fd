"""`rollcall replay` and `rollcall replays`: apply again what was accepted."""

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
    UUID | None, typer.Option(help="Its organisation: what a token for the local stack is signed for.")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the API's answer, and nothing else, on standard output.")
]
IdArgument = Annotated[UUID, typer.Argument(help="The replay.")]


def replay(
    org: OrgOption,
    from_at: Annotated[
        str, typer.Option("--from", help="Where the window begins: a day or a time, in UTC unless it says.")
    ],
    to_at: Annotated[str | None, typer.Option("--to", help="Where it ends, itself not included. Default: now.")] = None,
    user: Annotated[UUID | None, typer.Option(help="One learner alone.")] = None,
    source: Annotated[str, typer.Option(help="events, spool, dead_letters or snapshots.")] = "events",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be done, and do nothing.")] = False,
    rate: Annotated[float | None, typer.Option(help="Learners (of events) or objects (else) a second at most.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why, for those who look at it later.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for its end.")] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Apply again what was accepted over a window, and follow it. Twice is as good as once."""
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
    wait: Annotated[bool, typer.Option("--follow", "-f", help="Wait for its end.")] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Tell how far a replay is."""
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
    """Cancel a replay: at once, or after the part that is under way. What was done stays."""
    view = _client(org, url, token).post(f"{PATH}/{replay_id}/cancel")
    if as_json:
        typer.echo(json.dumps(view))
    else:
        output.print(f"replay {replay_id} is {view['state']}", soft_wrap=True)


@replays.command("list")
def list_latest(
    org: OrgOption,
    limit: Annotated[int, typer.Option(help="How many at most.")] = 20,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """List an organisation's latest replays."""
    found = _client(org, url, token).get(PATH, org_id=str(org), limit=limit)
    if as_json:
        typer.echo(json.dumps(found))
        return
    replay_id = Column("replay", no_wrap=True)  # to be copied into other commands
    table = Table(replay_id, "requested at", "source", "state", "progress", "counts", box=None)
    for view in found["replays"]:
        state = f"{view['state']} (dry run)" if view["dry_run"] else view["state"]
        progress = f"{100 * view['progress']:.0f} %"
        table.add_row(view["replay_id"], view["requested_at"][:19], view["source"], state, progress, counts_of(view))
    output.print(table)


def _client(org: UUID | None, url: str | None, token: str | None) -> ApiClient:
    if org is None and token is None:
        raise WorkbenchError("Name the organisation (--org), or give a token that holds it (--token).")
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
    console.print("It goes on by itself. To follow it, or to cancel it:", soft_wrap=True)
    console.print(f"  rollcall replays status --follow {known}", soft_wrap=True)
    console.print(f"  rollcall replays cancel {known}", soft_wrap=True)
