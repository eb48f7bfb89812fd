"""`rollcall redrive`: put dead letters back on their queues, and show the result of each."""

import time
from collections import Counter
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from workbench.api_client import ApiUnavailable, TokenOption, UrlOption
from workbench.commands.follow_operation import View, follow
from workbench.commands.organisations import PATH, Organisations, OrgsOption, name_of
from workbench.commands.selection import (
    AllOption,
    CauseOption,
    Choice,
    IdsOption,
    QueueOption,
    ReasonOption,
    YesOption,
    confirm,
    tell,
    total_of,
)

console = Console(stderr=True, highlight=False)
output = Console(highlight=False)

PAGE = 200  # the API's largest page
LISTED_MAX = 20
POLL_SECONDS = 0.5

Result = dict[str, Any]


def redrive(
    reason: ReasonOption,
    ids: IdsOption = None,
    cause: CauseOption = None,
    everything: AllOption = False,
    queue: QueueOption = None,
    org: OrgsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and scrub the messages, and send none.")] = False,
    rate: Annotated[float, typer.Option(help="Most messages in a second.")] = 50,
    settle: Annotated[
        float, typer.Option(help="Seconds to wait at the end, until the sent messages are stored or have failed again.")
    ] = 30,
    yes: YesOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Put dead letters back on their queues, scrubbed by the current policy. Safe to run twice.

    Lists the dead letters, asks for confirmation, and shows the result for each message.
    Exits with 1 when a message could not be sent, or failed again.
    """
    choice = Choice.read(ids, cause, everything, queue)
    organisations = Organisations.open(org, url, token)
    chosen = choice.by_organisation(organisations)
    if not chosen:
        output.print("The selection has no open dead letter: nothing to redrive.")
        return
    for org_id, (_, groups) in chosen.items():
        tell(output, org_id, groups)
    total = sum(total_of(groups) for _, groups in chosen.values())
    if not dry_run:
        confirm(console, f"Redrive {total:,} dead letters of {len(chosen)} organisations?", yes=yes)
    order = {"reason": reason, "dry_run": dry_run, "rate_per_second": rate}
    went_well = [
        _redrive(organisations, org_id, order | {"selection": selection}, settle)
        for org_id, (selection, _) in chosen.items()
    ]
    if not all(went_well):
        raise typer.Exit(1)


def _redrive(organisations: Organisations, org_id: UUID, order: dict[str, Any], settle: float) -> bool:
    """Redrive one organisation's dead letters, and print the result; return whether all went well."""
    view = organisations.client.post(f"{PATH}/redrive", order | {"org_id": str(org_id)})
    path = f"/redrive/{view['operation_id']}"
    try:
        view = follow(console, view, lambda: organisations.get(org_id, path, limit=1)["redrive"])
    except (KeyboardInterrupt, ApiUnavailable):
        console.print(
            f"Operation {view['operation_id']} continues by itself. Its state: GET {PATH}{path}", soft_wrap=True
        )
        raise
    counts = view["counts"]
    if view["dry_run"]:
        would, cannot = counts.get("redriven", 0), counts.get("failed", 0)
        output.print(f"{name_of(org_id)}: {would:,} would be sent, {cannot:,} cannot be (dry run: nothing was sent)")
        return view["state"] == "done" and not cannot
    return _tell(org_id, view, _settled(organisations, org_id, path, settle))


def _settled(organisations: Organisations, org_id: UUID, path: str, seconds: float) -> list[Result]:
    """Return the results when no message waits on its queue any more, or when the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        results = _results(organisations, org_id, path)
        waiting = any(result["state"] == "redriven" for result in results)
        if not waiting or time.monotonic() >= deadline:
            return results
        time.sleep(POLL_SECONDS)


def _results(organisations: Organisations, org_id: UUID, path: str) -> list[Result]:
    results: list[Result] = []
    after: dict[str, str] = {}
    while True:
        report = organisations.get(org_id, path, limit=PAGE, **after)
        results += report["results"]
        if "next_after" not in report:
            return results
        after = {"after": report["next_after"]}


OUTCOMES = {"resolved": "stored", "redriven": "on its queue", "open": "failed again", "discarded": "discarded"}


def _outcome(result: Result) -> str:
    return "not sent" if result["result"] == "failed" else OUTCOMES[result["state"]]


def _tell(org_id: UUID, view: View, results: list[Result]) -> bool:
    """Print the result of each message, failures first; return whether there are no failures."""
    counted = Counter(map(_outcome, results))
    details = ", ".join(f"{number:,} {outcome}" for outcome, number in counted.most_common()) or "nothing to send"
    output.print(f"{name_of(org_id)}: {view['state']}, {details}", soft_wrap=True)
    results.sort(key=lambda result: (_outcome(result) == "stored", result["dead_letter_id"]))
    table = Table("dead letter", "outcome", "code", box=None, pad_edge=False)
    for result in results[:LISTED_MAX]:
        table.add_row(result["dead_letter_id"], _outcome(result), result.get("code", ""))
    if results:
        output.print(table)
    if len(results) > LISTED_MAX:
        output.print(f"... and {len(results) - LISTED_MAX:,} more", soft_wrap=True)
    return view["state"] == "done" and not counted.keys() & {"not sent", "failed again"}
