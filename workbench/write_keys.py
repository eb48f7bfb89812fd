"""`rollcall write-key`: make, list and revoke the keys of the Segment batch route."""

import getpass
import secrets
from typing import Annotated
from uuid import UUID, uuid4

import typer
from rich.console import Console
from rollcall.contracts.write_key import WriteKey
from rollcall.domain import write_key
from rollcall.store.write_keys import WriteKeyStore

from workbench.database import Dsn, session
from workbench.errors import WorkbenchError

app = typer.Typer(no_args_is_help=True, help="Keys that clients of POST /v1/batch authenticate with.")
console = Console(stderr=True, highlight=False)

Organisation = Annotated[UUID, typer.Option(help="The organisation that the key belongs to.")]


@app.command()
def create(
    org: Organisation,
    label: Annotated[str, typer.Option(help="What it is for.")] = "unnamed",
    dsn: Dsn = None,
) -> None:
    """Make a key, and print it alone on the last line. It is shown this once: only its digest is kept."""
    key, write_key_id = write_key.write(org, secrets.token_urlsafe(write_key.SECRET_BYTES)), uuid4()
    presented = write_key.read(key)
    if presented is None:
        raise WorkbenchError("A key of our own making cannot be read.")
    with session(dsn) as database:
        WriteKeyStore(database).create_write_key(
            org, write_key_id, presented.secret_digest, label, f"cli:{getpass.getuser()}"
        )
    console.print(f"write key {write_key_id} of organisation {org}")
    typer.echo(key)


@app.command(name="list")
def list_keys(org: Organisation, dsn: Dsn = None) -> None:
    """List an organisation's keys, oldest first: id, state, last used, created, by whom, label."""
    with session(dsn) as database:
        keys = WriteKeyStore(database).list_write_keys(org)
    for key in keys:
        used = str(key.last_used_on or "never")
        created = f"{key.created_at:%Y-%m-%d %H:%M}"
        typer.echo(f"{key.write_key_id}  {_state(key):24}  {used:10}  {created}  {key.created_by}  {key.label}")


def _state(key: WriteKey) -> str:
    return f"revoked {key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "valid"


@app.command()
def revoke(
    write_key_id: Annotated[UUID, typer.Argument(help="The key's id, as `list` shows it.")],
    org: Organisation,
    dsn: Dsn = None,
) -> None:
    """End a key for good. Functions notice within a minute."""
    with session(dsn) as database:
        if not WriteKeyStore(database).revoke_write_key(org, write_key_id):
            raise WorkbenchError("The organisation has no such write key.")
    console.print(f"write key {write_key_id} is revoked")
