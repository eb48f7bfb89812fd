"""`rollcall redrive`: put dead letters back on their queues, and tell what became of each."""

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

PAGE = 200  # what the API gives at once
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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and scrub all of it, and send nothing.")] = False,
    rate: Annotated[float, typer.Option(help="Messages a second at most.")] = 50,
    settle: Annotated[
        float, typer.Option(help="Seconds to wait, at the end, for what was sent to be stored or to fail again.")
    ] = 30,
    yes: YesOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Put dead letters back on their queues, scrubbed by the policy of now. Twice is as good as once.

    Shows what it is about, asks, follows, and tells what became of each message.
    Ends with 1 when a message could not be sent, or failed again.
    """
    choice = Choice.read(ids, cause, everything, queue)
    organisations = Organisations.open(org, url, token)
    chosen = choice.by_organisation(organisations)
    if not chosen:
        output.print("No open dead letter is among them: nothing to redrive.")
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
    """Redrive one organisation's, and tell how it went; tells whether it went well."""
    view = organisations.client.post(f"{PATH}/redrive", order | {"org_id": str(org_id)})
    path = f"/redrive/{view['operation_id']}"
    try:
        view = follow(console, view, lambda: organisations.get(org_id, path, limit=1)["redrive"])
    except (KeyboardInterrupt, ApiUnavailable):
        console.print(f"Operation {view['operation_id']} goes on by itself: see it at {PATH}{path}", soft_wrap=True)
        raise
    counts = view["counts"]
    if view["dry_run"]:
        would, cannot = counts.get("redriven", 0), counts.get("failed", 0)
        output.print(f"{name_of(org_id)}: {would:,} would be sent, {cannot:,} cannot be (dry run: nothing was sent)")
        return view["state"] == "done" and not cannot
    return _tell(org_id, view, _settled(organisations, org_id, path, settle))


def _settled(organisations: Organisations, org_id: UUID, path: str, seconds: float) -> list[Result]:
    """Return the results, once none of them waits on its queue any more, or the time is up."""
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
    """Tell what became of each message, those to look at first; tells whether there is none of them."""
    counted = Counter(map(_outcome, results))
    told = ", ".join(f"{number:,} {outcome}" for outcome, number in counted.most_common()) or "nothing to send"
    output.print(f"{name_of(org_id)}: {view['state']}, {told}", soft_wrap=True)
    results.sort(key=lambda result: (_outcome(result) == "stored", result["dead_letter_id"]))
    table = Table("dead letter", "outcome", "code", box=None, pad_edge=False)
    for result in results[:LISTED_MAX]:
        table.add_row(result["dead_letter_id"], _outcome(result), result.get("code", ""))
    if results:
        output.print(table)
    if len(results) > LISTED_MAX:
        output.print(f"... and {len(results) - LISTED_MAX:,} more", soft_wrap=True)
    return view["state"] == "done" and not counted.keys() & {"not sent", "failed again"}
