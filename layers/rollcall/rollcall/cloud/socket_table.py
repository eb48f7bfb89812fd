"""Tickets and connections, in the table beside PostgreSQL."""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from rollcall.cloud.table import Item, Table
from rollcall.contracts.caller import Caller
from rollcall.contracts.socket import TICKET_SECONDS, Connection
from rollcall.errors import Forbidden, InvalidToken

TICKET_BYTES = 32
TICKET_LENGTH_MAX = 128
CONNECTION_AGE_MAX = timedelta(hours=2)  # API Gateway closes a connection then, however busy it is


class Tickets:
    """Hands out tickets and takes them, each once. Only their hashes are kept."""

    def __init__(self, table: Table, allowed_origins: frozenset[str], now: Callable[[], datetime]) -> None:
        self._table = table
        self._allowed_origins = allowed_origins
        self._now = now

    def issue(self, caller: Caller) -> str:
        """Return a ticket for a socket of this caller; raises TableUnavailable."""
        ticket = secrets.token_urlsafe(TICKET_BYTES)
        expires_at = int(self._now().timestamp()) + TICKET_SECONDS
        self._table.put(Item("ticket", _hash(ticket), caller.model_dump(mode="json"), expires_at))
        return ticket

    def take(self, ticket: str, origin: str | None) -> Caller:
        """Return whose ticket it was; it is good for nothing after that.

        A browser names the origin of its page: one that is not listed is refused, and the ticket is spent all the
        same. Raises InvalidToken, Forbidden, TableUnavailable.
        """
        if not 0 < len(ticket) <= TICKET_LENGTH_MAX:
            raise InvalidToken
        item = self._table.take("ticket", _hash(ticket))
        now = self._now().timestamp()
        if item is None or item.expires_at is None or item.expires_at < now:
            raise InvalidToken
        if origin is not None and origin not in self._allowed_origins:
            raise Forbidden
        caller = Caller.model_validate(item.document)
        if caller.expires_at <= now:
            raise InvalidToken
        return caller


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()


class Connections:
    """Open sockets. Each call raises TableUnavailable."""

    def __init__(self, table: Table, now: Callable[[], datetime]) -> None:
        self._table = table
        self._now = now

    def keep(self, connection: Connection) -> None:
        """Remember a connection as it is now, until its token expires."""
        longest = int((self._now() + CONNECTION_AGE_MAX).timestamp())
        expires_at = min(connection.caller.expires_at, longest)
        item = Item("connection", connection.connection_id, connection.model_dump(mode="json"), expires_at)
        self._table.put(item)

    def remove(self, connection_id: str) -> None:
        """Forget a connection, whether or not it is known."""
        self._table.take("connection", connection_id)

    def all(self) -> Iterator[Connection]:
        """Yield every connection that has not expired."""
        now = self._now().timestamp()
        for item in self._table.all("connection"):
            if item.expires_at is not None and item.expires_at > now:
                yield Connection.model_validate(item.document)
