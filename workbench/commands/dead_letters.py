"""`rollcall dead-letters`: list dead letters, show one, discard some."""

import json
from typing import Annotated, Any, Literal
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rollcall.contracts.dead_letters.letter import Cause, State

from workbench.api_client import TokenOption, UrlOption
from workbench.commands.organisations import PATH, Organisations, OrgsOption, name_of
from workbench.commands.selection import (
    AllOption,
    CauseOption,
    Choice,
    IdsOption,
    QueueOption,
    ReasonOption,
    YesOption,
    cause_of,
    confirm,
    moment,
    tell,
    total_of,
)

console = Console(stderr=True, highlight=False)
output = Console(highlight=False)
dead_letters = typer.Typer(
    name="dead-letters", help="List messages that failed for good (without a command), show one, discard some."
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print only the API's answers, as JSON.")]


@dead_letters.callback(invoke_without_command=True)
def list_dead_letters(
    context: typer.Context,
    org: OrgsOption = None,
    queue: QueueOption = None,
    cause: Annotated[Cause | None, typer.Option(help="Only dead letters of this cause.")] = None,
    state: Annotated[Literal[State, "any"], typer.Option(help="Only dead letters in this state.")] = "open",
    limit: Annotated[int, typer.Option(help="How many of each organisation's newest to list.")] = 10,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """List dead letters: the number of each cause, and the newest ones. Changes nothing."""
    if context.invoked_subcommand is not None:
        return
    organisations = Organisations.open(org, url, token)
    given = {"queue": queue, "cause": cause, "state": None if state == "any" else state}
    query = {name: value for name, value in given.items() if value}
    pages = {org_id: organisations.get(org_id, limit=limit, **query) for org_id in organisations.org_ids}
    if as_json:
        typer.echo(json.dumps({str(org_id): page for org_id, page in pages.items()}))
        return
    found = {org_id: page for org_id, page in pages.items() if page["groups"]}
    if not found:
        output.print("No dead letters." if state == "any" else f"No {state} dead letters.")
    for org_id, page in found.items():
        tell(output, org_id, page["groups"])
        output.print(_newest(page["dead_letters"]))
        shown, total = len(page["dead_letters"]), total_of(page["groups"])
        output.print(f"{shown:,} of {total:,} listed, times in UTC\n", soft_wrap=True)


def _newest(letters: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("dead letter", no_wrap=True)
    table.add_column("cause", overflow="fold")
    table.add_column("last failed", no_wrap=True)
    table.add_column("times", justify="right")
    for letter in letters:
        failures = f"{letter['failure_count']:,}"
        table.add_row(letter["dead_letter_id"], cause_of(letter), moment(letter["last_failed_at"]), failures)
    return table


@dead_letters.command("show")
def show(
    dead_letter_id: Annotated[UUID, typer.Argument(help="The dead letter's id.")],
    org: OrgsOption = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Show one dead letter: its failure, its history and its scrubbed body. Changes nothing."""
    org_id, file = Organisations.open(org, url, token).find(dead_letter_id)
    if as_json:
        typer.echo(json.dumps(file))
        return
    letter = file["dead_letter"]
    facts = Table(show_header=False, box=None, pad_edge=False)
    facts.add_row("organisation", name_of(org_id))
    for name in ("dead_letter_id", "queue", "cause", "error_code", "state", "first_failed_at", "last_failed_at"):
        facts.add_row(name, str(letter[name]))
    for name in ("failure_count", "receive_count", "redrive_count", "event_count", "size_bytes"):
        facts.add_row(name, f"{letter[name]:,}")
    output.print(facts)
    output.print()
    _tell_history(file["history"])
    output.print("\nbody (scrubbed)")
    if file["body"] is None:
        why = "the body could not be scrubbed" if letter["archive_key"] is None else "the archive has deleted it"
        output.print(f"  No body: {why}.", soft_wrap=True)
    else:
        # Printed without markup, because the body may contain brackets.
        typer.echo(file["body"] if isinstance(file["body"], str) else json.dumps(file["body"], indent=2))


def _tell_history(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        line = f"{moment(entry['happened_at'])}  {entry['what']:<14}  {entry.get('code', '')}"
        output.print(line.rstrip(), markup=False, soft_wrap=True)
        if "acted_by" in entry:
            output.print(f"  by {entry['acted_by']}: {entry['reason']}", markup=False, soft_wrap=True)


@dead_letters.command("discard")
def discard(
    reason: ReasonOption,
    ids: IdsOption = None,
    cause: CauseOption = None,
    everything: AllOption = False,
    queue: QueueOption = None,
    org: OrgsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count the dead letters, and change nothing.")] = False,
    yes: YesOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Discard open dead letters: their events are not stored. A later redrive by id can still bring one back."""
    choice = Choice.read(ids, cause, everything, queue)
    organisations = Organisations.open(org, url, token)
    chosen = choice.by_organisation(organisations)
    total, until = 0, {}
    for org_id, (selection, groups) in chosen.items():
        if still_open := [group for group in groups if group["state"] == "open"]:
            tell(output, org_id, still_open)
        body = {"org_id": str(org_id), "selection": selection, "reason": reason, "dry_run": True}
        counted = organisations.client.post(f"{PATH}/discard", body)
        total += int(counted["discarded"]) + int(counted["remaining"])
        # Dead letters that fail from now on were not shown to the person, so they stay.
        until[org_id] = counted["until"]
    if not total:
        output.print("The selection has no open dead letter.")
        return
    if dry_run:
        output.print(f"{total:,} would be discarded (dry run: nothing changed)")
        return
    confirm(console, f"Discard {total:,} dead letters of {len(chosen)} organisations?", yes=yes)
    done = sum(
        _discard(organisations, org_id, selection, reason, until[org_id]) for org_id, (selection, _) in chosen.items()
    )
    output.print(f"{done:,} discarded")


def _discard(organisations: Organisations, org_id: UUID, selection: dict[str, Any], reason: str, until: str) -> int:
    body = {"org_id": str(org_id), "selection": selection, "reason": reason, "dry_run": False, "until": until}
    done = 0
    while True:
        answer = organisations.client.post(f"{PATH}/discard", body)
        done += int(answer["discarded"])
        if not answer["remaining"] or not answer["discarded"]:
            return done
