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
from rollcall.contracts.sockets.connection import TICKET_SECONDS, Connection, Deadline
from rollcall.errors import InvalidTicket, OriginForbidden

TICKET, DEADLINE, SUBSCRIBER = "ticket", "deadline", "subscriber"
TICKET_BYTES = 32
TICKET_LENGTH_MAX = 128
CONNECTION_AGE_MAX = timedelta(hours=2)  # API Gateway closes a connection then, however busy it is
OVERDUE_KEPT_SECONDS = 3600  # a socket that no push could close within it is closed by API Gateway soon
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

    def withdraw(self, is_theirs: Callable[[Caller], bool], *, is_dry_run: bool) -> int:
        """Delete unused tickets of some callers, expired ones too; raises TableUnavailable.

        A ticket that this version cannot read comes from another version, and expires in seconds.
        """
        found = 0
        for item in self._table.all(TICKET):
            caller = _read(Caller, item)
            if caller is not None and is_theirs(caller):
                found += 1
                if not is_dry_run:
                    self._table.take(TICKET, item.id)
        return found


def _read(model: type[Model], item: Item) -> Model | None:
    """Return the content of an item; None if another version wrote it in a form that this version cannot read."""
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
    """Some subscribed sockets: the readable ones, and the ids of those that this version cannot read.

    These were kept by another version of ours, and are to be closed: their clients open new ones. Those whose token
    has expired are in neither (`Connections.overdue`). `next_id` is where the next page begins after; None at the end.
    """

    live: tuple[Connection, ...]
    unreadable_ids: tuple[str, ...]
    next_id: str | None


class Connections:
    """Open sockets: when each token expires, and the topics of each subscription.

    Two items, so that who only sends batches is read neither by pushes nor by looks: one under the moment of expiry,
    found when that has come, and one of each subscriber. Each call raises TableUnavailable.
    """

    def __init__(self, table: Table, now: Callable[[], datetime]) -> None:
        self._table = table
        self._now = now

    def open(self, deadline: Deadline) -> None:
        """Remember when the token of a socket expires."""
        item_id = _deadline_id(deadline.expires_at, deadline.connection_id)
        # Kept beyond its expiry: the code that closes the socket has to find it.
        kept_until = self._longest(deadline.expires_at) + OVERDUE_KEPT_SECONDS
        self._table.put(Item(DEADLINE, item_id, deadline.model_dump(mode="json"), kept_until))

    def keep(self, connection: Connection) -> None:
        """Store the topics of a connection, until its token expires."""
        expires_at = self._longest(connection.bearer.expires_at)
        document = connection.model_dump(mode="json")
        self._table.put(Item(SUBSCRIBER, connection.connection_id, document, expires_at))

    def remove(self, connection_id: str, expires_at: int | None) -> None:
        """Forget a connection, whether or not it is known. Where its expiry is not, that is forgotten when it comes."""
        self._table.take(SUBSCRIBER, connection_id)
        if expires_at is not None:
            self._table.take(DEADLINE, _deadline_id(expires_at, connection_id))

    def page(self, limit: int, after: str | None = None) -> ConnectionPage:
        """Return up to `limit` connections that subscribed, those with ids after `after`."""
        found, now = self._table.page(SUBSCRIBER, limit, after), self._now().timestamp()
        current = [item for item in found.items if item.expires_at is not None and item.expires_at > now]
        read = [(item.id, _read(Connection, item)) for item in current]
        live = tuple(connection for _, connection in read if connection is not None)
        return ConnectionPage(live, tuple(id_ for id_, connection in read if connection is None), found.next_id)

    def overdue(self, limit: int) -> list[Deadline]:
        """Return up to `limit` sockets whose token has expired, the longest ago first."""
        page = self._table.page(DEADLINE, limit, below=_deadline_id(int(self._now().timestamp()) + 1, ""))
        read = (_read(Deadline, item) for item in page.items)
        return [deadline for deadline in read if deadline is not None]

    def all(self) -> Iterator[Connection]:
        """Yield every connection that subscribed and has not expired."""
        after: str | None = None
        while True:
            page = self.page(PAGE_SIZE, after)
            yield from page.live
            after = page.next_id
            if after is None:
                return

    def _longest(self, expires_at: int) -> int:
        return min(expires_at, int((self._now() + CONNECTION_AGE_MAX).timestamp()))


def _deadline_id(expires_at: int, connection_id: str) -> str:
    # In the order of time, whatever the number of digits.
    return f"{expires_at:012d}/{connection_id}"
