"""Runs the demo: sends real submissions of seven organisations to the deployed stack, and shows the result."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rollcall.contracts.ingest.progress import ProgressEvent

from workbench.checkout import Checkout
from workbench.commands.tokens import TokenSigner, console_token_command
from workbench.demo import oulad
from workbench.demo.post import PATH, post_all
from workbench.demo.report import show_answers, show_progress
from workbench.stack.state import StackState

BATCH_SIZE = 25
CONNECTIONS = 4
STALE = timedelta(days=9)  # the sample spans 20 days, so its oldest events leave a window of 30 days after ten


def demonstrate(console: Console, checkout: Checkout, state: StackState) -> None:
    """Send the sample, show the answers and the database's content, and print commands to try next."""
    rows = oulad.read_submissions()
    anchor = _anchor(checkout.home / "demo-anchor")
    if datetime.now(UTC) - anchor > STALE:
        console.print(
            "[yellow]The sample is older than the accepted window. Start again with `rollcall reset`.[/yellow]"
        )
    events = oulad.events(rows, anchor)
    console.print(f"Posting {len(events):,} submissions of {len(oulad.modules(rows))} organisations.")
    console.print(f"[dim]{oulad.CREDIT}[/dim]")
    signer = TokenSigner(state)
    columns = (TextColumn("posting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("posting", total=len(events))
        tally = post_all(
            state.http_url,
            signer,
            oulad.batches(events, BATCH_SIZE),
            CONNECTIONS,
            lambda number: progress.advance(task, number),
        )
    show_answers(console, tally)
    show_progress(console, state.dsn, oulad.modules(rows))
    _show_addresses(console, state, signer, events[0])


def _anchor(path: Path) -> datetime:
    """Return the sample's last day: the same in every run, so that repeated events are duplicates."""
    if not path.exists():
        path.write_text(datetime.now(UTC).replace(minute=0, second=0, microsecond=0).isoformat())
    return datetime.fromisoformat(path.read_text().strip())


def _show_addresses(console: Console, state: StackState, signer: TokenSigner, known: ProgressEvent) -> None:
    token = signer.sign(str(known.user_id), [known.org_id] if known.org_id else [])
    event = known.model_dump_json(exclude_none=True)
    console.print(f"\nHTTP API     {state.http_url}", soft_wrap=True)
    console.print(f"OpenAPI      {state.http_url}/openapi.json", soft_wrap=True)
    console.print(f"PostgreSQL   {state.dsn}", soft_wrap=True, markup=False)
    console.print(f"Console      {state.console_url}", soft_wrap=True)
    if known.org_id:
        console.print(f"  its token  {console_token_command(known.org_id)}", soft_wrap=True, markup=False)
    console.print("\nTry it (the event is stored already, so the answer is `duplicate`):\n")
    console.print(
        f"curl -sS -X POST '{state.http_url}{PATH}' \\\n  -H 'Content-Type: application/json' \\\n"
        f"  -H 'Authorization: Bearer {token}' \\\n  -d '{{\"events\": [{event}]}}'\n",
        soft_wrap=True,
        markup=False,
    )
    reader = signer.sign(str(uuid4()), [known.org_id] if known.org_id else [], role="service", scopes=["admin:read"])
    console.print("Read a report (it is refreshed every minute, or by `rollcall job run reports`):\n")
    console.print(
        f"curl -sS '{state.http_url}/api/reports/completion?org_id={known.org_id}' \\\n"
        f"  -H 'Authorization: Bearer {reader}'\n"
        f".venv/bin/rollcall report completion --org {known.org_id}\n",
        soft_wrap=True,
        markup=False,
    )
