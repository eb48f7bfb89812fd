"""The `rollcall` command."""

import signal
import sys
import time
from typing import Annotated
from uuid import UUID, uuid4

import typer
from botocore.exceptions import EndpointConnectionError
from rich.console import Console
from rich.table import Table
from rollcall.errors import RollcallError
from rollcall.store import migrations

from workbench.bench.command import bench
from workbench.checkout import here
from workbench.commands import flags, run_job, write_keys
from workbench.commands.assign import assign
from workbench.commands.dead_letters import dead_letters
from workbench.commands.health import show_health
from workbench.commands.import_file import import_file
from workbench.commands.jobs import show_jobs
from workbench.commands.learner_ids import learner_ids
from workbench.commands.logs import lines as read_logs
from workbench.commands.policy import policy
from workbench.commands.privacy import privacy
from workbench.commands.recall import recall
from workbench.commands.redrive import redrive
from workbench.commands.replay import replay, replays
from workbench.commands.report import report
from workbench.commands.rollup import app as rollup
from workbench.commands.snapshots import purge, snapshots
from workbench.commands.tokens import TokenSigner, console_token_command
from workbench.demo.command import demonstrate
from workbench.errors import WorkbenchError
from workbench.stack.local import LocalStack
from workbench.stack.state import read_state

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Run Rollcall on this machine, and administer a local or a deployed stack.",
)
app.command()(bench)
app.add_typer(write_keys.app, name="write-key")
app.add_typer(flags.app, name="flags")
app.add_typer(run_job.app, name="job")
app.command()(report)
app.command()(recall)
app.command("learner-ids")(learner_ids)
app.command()(replay)
app.add_typer(replays)
app.add_typer(snapshots)
app.command()(purge)
app.command()(assign)
app.command("import")(import_file)
app.command()(redrive)
app.add_typer(dead_letters)
app.command("jobs")(show_jobs)
app.command("health")(show_health)
app.add_typer(rollup)
app.add_typer(privacy)
app.add_typer(policy)
console = Console(stderr=True, highlight=False)
output = Console(highlight=False)


def _say(line: str) -> None:
    console.print(f"[dim]·[/dim] {line}")


@app.command()
def up(
    keep: Annotated[bool, typer.Option("--keep/--fresh", help="Keep the data of earlier runs, or delete it.")] = True,
    port: Annotated[
        int | None, typer.Option(help="Port of the HTTP API. Default: 4566, or a free port if 4566 is busy.")
    ] = None,
    database_port: Annotated[int | None, typer.Option(help="Port of PostgreSQL.")] = None,
) -> None:
    """Start the local stack and deploy the template to it."""
    stack = LocalStack(here())
    if not keep:
        stack.reset(_say)
    state = stack.up(_say, port, database_port)
    console.print(f"HTTP API  {state.http_url}")
    console.print(f"AWS       {state.aws_endpoint_url}")
    console.print(f"Addresses, ports and passwords are in {here().stack_file.relative_to(here().root)}")


@app.command()
def down() -> None:
    """Stop the local stack. Its data stays."""
    LocalStack(here()).down(_say)


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False) -> None:
    """Stop the local stack and delete its data."""
    if not yes:
        typer.confirm("Delete all local data of this checkout?", abort=True)
    LocalStack(here()).reset(_say)


@app.command()
def status() -> None:
    """Show whether the local stack is up, and its addresses. Exits with 1 when it is down."""
    running = LocalStack(here()).running()
    table = Table(show_header=False, box=None)
    table.add_row("state", "up" if running else "down")
    if running:
        table.add_row("HTTP API", running.http_url)
        table.add_row("console", running.console_url)
        table.add_row("AWS", running.aws_endpoint_url)
        table.add_row("PostgreSQL", f"127.0.0.1:{running.postgres_port} (process {running.pids.postgres})")
    console.print(table)
    if running:
        console.print(
            f"A token for the console: {console_token_command('<organisation>')}", soft_wrap=True, markup=False
        )
    raise typer.Exit(0 if running else 1)


@app.command()
def token(
    org: Annotated[list[UUID], typer.Option(help="An organisation of the token; repeat for several.")],
    user: Annotated[str | None, typer.Option(help="The user's id; for a learner, a UUID. Default: a new UUID.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="A scope such as admin:read; repeat for several.")] = None,
    role: Annotated[str, typer.Option(help="learner or service.")] = "learner",
) -> None:
    """Print a signed token for the local stack, for use in scripts. Prints nothing else."""
    signer = TokenSigner(read_state(here()))
    typer.echo(signer.sign(user or str(uuid4()), org, role=role, scopes=scope or ()))


@app.command()
def migrate(
    dsn: Annotated[
        str | None,
        typer.Option(
            envvar="ROLLCALL_DSN", help="Connection string of a role that may create roles. Default: the local stack."
        ),
    ] = None,
) -> None:
    """Migrate a database to this checkout's schema. Safe to run twice."""
    applied = migrations.migrate(dsn or read_state(here()).dsn, migrations.Schema.read(here().schema))
    for name in applied:
        _say(f"applied {name}")
    if not applied:
        _say("no migration was pending")
    _say("procedures and views were applied again")


@app.command()
def demo() -> None:
    """Send a slice of real learning data to the running stack, and show the result."""
    demonstrate(output, here(), read_state(here()))


@app.command()
def run() -> None:
    """Start the stack, run the demo on real data, and serve until Ctrl-C. `make run` calls this."""
    stack = LocalStack(here())
    # A closed terminal, or a supervisor's stop, has the same effect as Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        demonstrate(output, here(), stack.up(_say))
        output.print("Serving. Ctrl-C stops everything. The data stays, so that a second run shows duplicates.")
        signal.pause()
    except KeyboardInterrupt:
        _say("stopping")
    finally:
        stack.down(_say)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


@app.command()
def logs(
    function: Annotated[
        str | None, typer.Argument(help="Part of a function's name, such as progress. Default: all functions.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new lines, until Ctrl-C.")] = False,
    minutes: Annotated[int, typer.Option(help="How far back to begin.")] = 15,
) -> None:
    """Print the functions' logs, oldest first."""
    since_ms = int(1000 * (time.time() - 60 * minutes))
    for name, line in read_logs(read_state(here()), function, since_ms, follow=follow):
        typer.echo(f"{name} {line}")


def main() -> None:
    """Run the command. An error that a person can fix is printed without a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except EndpointConnectionError as away:
        console.print(f"[red]error[/red] {away} Is the stack up? See `rollcall status`.", soft_wrap=True)
        sys.exit(1)
    except (WorkbenchError, RollcallError) as error:
        console.print(f"[red]error[/red] {error}", soft_wrap=True)
        sys.exit(1)
