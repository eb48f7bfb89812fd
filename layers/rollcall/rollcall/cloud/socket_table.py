"""Tickets and connections, in the table beside PostgreSQL."""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from rollcall.cloud.table import Item, Table
from rollcall.contracts.caller import Caller
from rollcall.contracts.socket import TICKET_SECONDS, Connection
from rollcall.errors import InvalidTicket, OriginForbidden

TICKET, CONNECTION = "ticket", "connection"
TICKET_BYTES = 32
TICKET_LENGTH_MAX = 128
CONNECTION_AGE_MAX = timedelta(hours=2)  # API Gateway closes a connection then, however busy it is
DEFAULT_PORTS = {"http": 80, "https": 443}
PAGE_SIZE = 1000

Model = TypeVar("Model", bound=BaseModel)


class Tickets:
    """Hands out tickets and takes them, each once. Only their hashes are kept."""

    def __init__(self, table: Table, allowed_origins: frozenset[str], now: Callable[[], datetime]) -> None:
        self._table = table
        self._allowed_origins = frozenset(map(_origin, allowed_origins)) - {None}
        self._now = now

    def issue(self, caller: Caller) -> str:
        """Return a ticket for a socket of this caller; raises TableUnavailable."""
        ticket = secrets.token_urlsafe(TICKET_BYTES)
        expires_at = int(self._now().timestamp()) + TICKET_SECONDS
        self._table.put(Item(TICKET, _hash(ticket), caller.model_dump(mode="json"), expires_at))
        return ticket

    def take(self, ticket: str, origin: str | None) -> Caller:
        """Return whose ticket it was; it is good for nothing after that.

        A browser names the origin of its page: one that is not listed is refused, and the ticket is spent all the
        same. Who names none is no browser. Raises InvalidTicket, OriginForbidden, TableUnavailable.
        """
        if not 0 < len(ticket) <= TICKET_LENGTH_MAX:
            raise InvalidTicket
        item = self._table.take(TICKET, _hash(ticket))
        now = self._now().timestamp()
        if item is None or item.expires_at is None or item.expires_at <= now:
            raise InvalidTicket
        if origin is not None and _origin(origin) not in self._allowed_origins:
            raise OriginForbidden
        caller = _read(Caller, item)
        if caller is None or caller.expires_at <= now:
            raise InvalidTicket
        return caller


def _read(model: type[Model], item: Item) -> Model | None:
    """Return what an item holds; None where another version wrote it, and nobody here can tell what it says."""
    try:
        return model.model_validate(item.document)
    except ValidationError:
        return None


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()


def _origin(text: str) -> tuple[str, str, int | None] | None:
    """Return an origin as RFC 6454 compares it: scheme, host and port; None for what is none, such as `null`."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname or parts.username is not None:
        return None
    return (parts.scheme, parts.hostname, port)


@dataclass(frozen=True)
class ConnectionPage:
    """Some open sockets: those that may be sent to, and the ids of those whose token has expired, to be closed.

    One that another version of ours kept, and nobody can read here, counts as expired: its client opens a new one.
    `next_id` is where the next page begins after; None at the end.
    """

    live: tuple[Connection, ...]
    expired_ids: tuple[str, ...]
    next_id: str | None


class Connections:
    """Open sockets. Each call raises TableUnavailable."""

    def __init__(self, table: Table, now: Callable[[], datetime]) -> None:
        self._table = table
        self._now = now

    def keep(self, connection: Connection) -> None:
        """Remember a connection as it is now, until its token expires."""
        longest = int((self._now() + CONNECTION_AGE_MAX).timestamp())
        expires_at = min(connection.caller.expires_at, longest)
        item = Item(CONNECTION, connection.connection_id, connection.model_dump(mode="json"), expires_at)
        self._table.put(item)

    def remove(self, connection_id: str) -> None:
        """Forget a connection, whether or not it is known."""
        self._table.take(CONNECTION, connection_id)

    def page(self, limit: int, after: str | None = None) -> ConnectionPage:
        """Return up to `limit` connections, those with ids after `after`."""
        found, now = self._table.page(CONNECTION, limit, after), self._now().timestamp()
        live, expired_ids = [], []
        for item in found.items:
            is_current = item.expires_at is not None and item.expires_at > now
            if (connection := _read(Connection, item) if is_current else None) is not None:
                live.append(connection)
            else:
                expired_ids.append(item.id)
        return ConnectionPage(tuple(live), tuple(expired_ids), found.next_id)

    def all(self) -> Iterator[Connection]:
        """Yield every connection that has not expired."""
        after: str | None = None
        while True:
            page = self.page(PAGE_SIZE, after)
            yield from page.live
            after = page.next_id
            if after is None:
                return
