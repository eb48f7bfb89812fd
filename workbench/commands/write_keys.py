"""`rollcall write-key`: make, list, rotate and revoke the keys that public analytics libraries authenticate with."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Protocol
from uuid import UUID, uuid4

import typer
from rich.console import Console
from rollcall.contracts.ingest.write_key import (
    OVERLAP_SECONDS_DEFAULT,
    NewWriteKey,
    RotatedWriteKey,
    RotationRequest,
    WriteKey,
    WriteKeyList,
    WriteKeyRequest,
)
from rollcall.domain.ingest.write_key import SECRET_BYTES
from rollcall.flows.ingest.write_keys import KeepWriteKeys
from rollcall.store.ingest.write_keys import WriteKeyStore

from workbench.api_client import ApiClient, TokenOption, UrlOption
from workbench.stack.database import Session, session

PATH = "/api/admin/write-keys"
HOUR_SECONDS = 3600

app = typer.Typer(
    no_args_is_help=True, help="Keys that Segment's, RudderStack's and PostHog's clients authenticate with."
)
console = Console(stderr=True, highlight=False)

Organisation = Annotated[UUID, typer.Option(help="The key's organisation.")]
WriteKeyId = Annotated[UUID, typer.Argument(help="The key's id, as shown by `list`.")]
Dsn = Annotated[
    str | None,
    typer.Option(
        envvar="ROLLCALL_DSN", help="Use this database instead of the API. The role must be a member of rollcall_ops."
    ),
]


class WriteKeys(Protocol):
    """Manages an organisation's keys, over HTTP or in a database."""

    def create(self, label: str) -> NewWriteKey:
        """Make a key."""

    def list_keys(self) -> WriteKeyList:
        """Return the keys."""

    def rotate(self, write_key_id: UUID, overlap_seconds: int) -> RotatedWriteKey:
        """Make a key in the place of another."""

    def revoke(self, write_key_id: UUID) -> WriteKey:
        """End a key."""


@dataclass(frozen=True)
class ApiWriteKeys:
    """Over HTTP, with a token."""

    client: ApiClient
    org_id: UUID

    def create(self, label: str) -> NewWriteKey:
        """Make a key."""
        return NewWriteKey.model_validate(self.client.post(PATH, {"org_id": str(self.org_id), "label": label}))

    def list_keys(self) -> WriteKeyList:
        """Return the keys."""
        return WriteKeyList.model_validate(self.client.get(PATH, org_id=str(self.org_id)))

    def rotate(self, write_key_id: UUID, overlap_seconds: int) -> RotatedWriteKey:
        """Make a key in the place of another."""
        body = {"org_id": str(self.org_id), "overlap_seconds": overlap_seconds}
        return RotatedWriteKey.model_validate(self.client.post(f"{PATH}/{write_key_id}/rotate", body))

    def revoke(self, write_key_id: UUID) -> WriteKey:
        """End a key."""
        revoked = self.client.post(f"{PATH}/{write_key_id}/revoke", {"org_id": str(self.org_id)})
        return WriteKey.model_validate(revoked)


@dataclass(frozen=True)
class DatabaseWriteKeys:
    """In a database, through the same flow as over HTTP. The audit names the database role that logged in."""

    database: Session
    org_id: UUID

    @property
    def flow(self) -> KeepWriteKeys:
        """The flow of write keys."""
        return KeepWriteKeys(WriteKeyStore(self.database), uuid4, lambda: secrets.token_urlsafe(SECRET_BYTES))

    def _user(self) -> str:
        (role,) = self.database.run("select session_user::text")
        return f"cli:{role}"

    def create(self, label: str) -> NewWriteKey:
        """Make a key."""
        return self.flow.create(WriteKeyRequest(org_id=self.org_id, label=label), self._user())

    def list_keys(self) -> WriteKeyList:
        """Return the keys."""
        return self.flow.list_keys(self.org_id)

    def rotate(self, write_key_id: UUID, overlap_seconds: int) -> RotatedWriteKey:
        """Make a key in the place of another."""
        asked = RotationRequest(org_id=self.org_id, overlap_seconds=overlap_seconds)
        return self.flow.rotate(write_key_id, asked, self._user())

    def revoke(self, write_key_id: UUID) -> WriteKey:
        """End a key."""
        return self.flow.revoke(write_key_id, self.org_id, self._user())


@contextmanager
def _open(org_id: UUID, dsn: str | None, url: str | None, token: str | None) -> Iterator[WriteKeys]:
    if dsn:
        with session(dsn) as database:
            yield DatabaseWriteKeys(database, org_id)
    else:
        yield ApiWriteKeys(ApiClient.open(url, token, [org_id], scopes=("admin:read", "admin:write")), org_id)


@app.command()
def create(
    org: Organisation,
    label: Annotated[str, typer.Option(help="The purpose of the key. No names of people.")] = "unnamed",
    dsn: Dsn = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Make a key, and print it on the last line. It is shown only once: Rollcall stores only its digest."""
    with _open(org, dsn, url, token) as keys:
        made = keys.create(label)
    console.print(f"write key {made.write_key_id} of organisation {org}")
    typer.echo(made.write_key)


@app.command(name="list")
def list_keys(org: Organisation, dsn: Dsn = None, url: UrlOption = None, token: TokenOption = None) -> None:
    """List an organisation's keys, oldest first: id, state, last used, created, by whom, label."""
    with _open(org, dsn, url, token) as keys:
        listed = keys.list_keys().write_keys
    now = datetime.now(UTC)
    for key in listed:
        used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
        created = f"{key.created_at:%Y-%m-%d %H:%M}"
        state = _state(key, now)
        typer.echo(f"{key.write_key_id}  {state:25}  {used:16}  {created}  {key.created_by}  {key.label}")


def _state(key: WriteKey, now: datetime) -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at:%Y-%m-%d %H:%M}"
    if key.expires_at:
        return f"{'ended' if key.expires_at <= now else 'until'} {key.expires_at:%Y-%m-%d %H:%M}"
    return "valid"


@app.command()
def rotate(
    write_key_id: WriteKeyId,
    org: Organisation,
    overlap_hours: Annotated[
        float, typer.Option(min=0, help="How long the old key stays valid.")
    ] = OVERLAP_SECONDS_DEFAULT / HOUR_SECONDS,
    dsn: Dsn = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Replace a key by a new one, printed on the last line. The old key stays valid for the overlap."""
    with _open(org, dsn, url, token) as keys:
        made = keys.rotate(write_key_id, round(overlap_hours * HOUR_SECONDS))
    console.print(
        f"write key {made.write_key_id} replaces {write_key_id}, which works {_state(made.replaced, made.created_at)}"
    )
    typer.echo(made.write_key)


@app.command()
def revoke(
    write_key_id: WriteKeyId, org: Organisation, dsn: Dsn = None, url: UrlOption = None, token: TokenOption = None
) -> None:
    """Revoke a key for good. Functions notice within a minute. Safe to run twice."""
    with _open(org, dsn, url, token) as keys:
        keys.revoke(write_key_id)
    console.print(f"write key {write_key_id} is revoked")
