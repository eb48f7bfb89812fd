"""Push: send to each socket what it subscribed to and its caller may see, a page of connections at a time."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from rollcall.contracts.sockets.connection import Connection, Deadline, Push, Topic
from rollcall.domain.health.audience import sees_numbers
from rollcall.errors import ConnectionGone, QueueUnavailable, RollcallError, SocketsUnavailable, TableUnavailable

# Small enough to send pages in parallel, large enough to keep the cost of each extra message low:
# docs/reference/health-stream.md.
PAGE_SIZE = 500

Sent = Literal["sent", "idle", "gone", "expired", "failed"]
"""The outcome for one socket. sent: API Gateway took the message. idle: the socket did not subscribe to this message.
gone: the socket was closed, and is removed from the table. expired: its token has expired, and the socket is closed.
failed: API Gateway did not take the message; the client detects the gap."""


class Page(Protocol):
    """A page of subscribed sockets: readable connections, ids of unreadable ones, and where the next page begins."""

    @property
    def live(self) -> Sequence[Connection]:
        """The connections to send to."""

    @property
    def unreadable_ids(self) -> Sequence[str]:
        """Ids of connections that another version of Rollcall stored. They are closed; their clients open new ones."""

    @property
    def next_id(self) -> str | None:
        """The id after which the next page begins, or None at the end."""


class Connections(Protocol):
    """The table of sockets and subscriptions; each method raises TableUnavailable."""

    def page(self, limit: int, after: str | None = None) -> Page:
        """Return a page of up to `limit` subscribed connections."""

    def overdue(self, limit: int) -> Sequence[Deadline]:
        """Return up to `limit` open sockets whose token has expired, subscribed or not."""

    def remove(self, connection_id: str, expires_at: int | None) -> None:
        """Remove a connection, and its deadline if that is known."""


class Sockets(Protocol):
    """Sends to open sockets; each method raises ConnectionGone, SocketsUnavailable."""

    def post(self, connection_id: str, text: str) -> None:
        """Send a message."""

    def close(self, connection_id: str) -> None:
        """Close a socket."""


Work = Callable[[], Sent]
Together = Callable[[Callable[[Work], Sent], Iterable[Work]], Iterator[Sent]]
"""`map`, or a parallel version of it."""


@dataclass(frozen=True)
class PushResult:
    """The outcomes of a page, and whether the next page was queued."""

    counts: Counter[Sent]
    is_handed_on: bool


@dataclass(frozen=True)
class PushPage:
    """The flow, with the IO it was given. `hand_on` puts a message on the push queue; it raises QueueUnavailable."""

    connections: Connections
    sockets: Sockets
    hand_on: Callable[[str], object]
    together: Together

    def push(self, push: Push) -> PushResult:
        """Send to one page of connections. The next page is queued first, so that pages are sent in parallel.

        With the first page, sockets whose token has expired are closed, however few subscribed.
        A failure of one socket is counted, and does not affect others. Raises TableUnavailable if no page can be read.
        """
        page = self.connections.page(PAGE_SIZE, push.after)
        is_handed_on = self._hand_on(push, page.next_id)
        texts = Texts(push)
        work = [self._sending(connection, texts.of(connection)) for connection in page.live]
        work += [self._closing(connection_id, None) for connection_id in page.unreadable_ids]
        overdue = self._overdue() if push.after is None else ()
        work += [self._closing(deadline.connection_id, deadline.expires_at) for deadline in overdue]
        return PushResult(Counter(self.together(_do, work)), is_handed_on)

    def _overdue(self) -> Sequence[Deadline]:
        try:
            return self.connections.overdue(PAGE_SIZE)
        except TableUnavailable:
            return ()  # nothing is sent after a socket's deadline; the next push closes the socket

    def _hand_on(self, push: Push, next_id: str | None) -> bool:
        if next_id is None:
            return True
        try:
            self.hand_on(push.model_copy(update={"after": next_id}).model_dump_json())
        except QueueUnavailable:
            return False
        return True

    def _sending(self, connection: Connection, text: str | None) -> Work:
        def send() -> Sent:
            if text is None:
                return "idle"
            try:
                self.sockets.post(connection.connection_id, text)
            except ConnectionGone:
                self._forget(connection.connection_id, connection.bearer.expires_at)
                return "gone"
            except SocketsUnavailable:
                return "failed"
            return "sent"

        return send

    def _closing(self, connection_id: str, expires_at: int | None) -> Work:
        def close() -> Sent:
            try:
                with suppress(ConnectionGone):
                    self.sockets.close(connection_id)
            except SocketsUnavailable:
                # The socket stays in the table: the next push tries again.
                return "failed"
            self._forget(connection_id, expires_at)
            return "expired"

        return close

    def _forget(self, connection_id: str, expires_at: int | None) -> None:
        # If this fails, the next push finds the socket gone again.
        with suppress(RollcallError):
            self.connections.remove(connection_id, expires_at)


def _do(work: Work) -> Sent:
    return work()


class Texts:
    """The texts of one push. A text that many sockets share is written once."""

    def __init__(self, push: Push) -> None:
        self._push = push
        self._written: dict[Any, str] = {}
        self._heartbeat = _write(push, {"type": "heartbeat"})

    def of(self, connection: Connection) -> str | None:
        """Return the text for this connection, or None when it did not subscribe to this message."""
        if not connection.topics:
            return None
        is_administrator = sees_numbers(connection.bearer)
        org_ids: frozenset[UUID] = frozenset()
        if is_administrator and "organisations" in connection.topics:
            # Checked again: the caller's organisations were checked when the socket subscribed.
            org_ids = connection.org_ids & connection.bearer.org_ids
        if self._push.type == "heartbeat" or (org_ids and self._push.organisations is None):
            # The client learns that a sequence is missing, and asks for the whole state.
            return self._heartbeat
        changed = org_ids.intersection(self._push.organisations or {})
        if self._push.type == "health.snapshot":
            return self._snapshot(connection.topics, changed, is_administrator=is_administrator)
        return self._delta("health" in connection.topics, changed, is_administrator=is_administrator)

    def _snapshot(self, topics: frozenset[Topic], org_ids: frozenset[UUID], *, is_administrator: bool) -> str:
        """Return the message that answers `subscribe`: sockets that got `health_unknown` wait for it."""
        whole = self._push.deployment if is_administrator else self._push.public
        key = (topics, is_administrator, org_ids)
        if key not in self._written:
            self._written[key] = _write(
                self._push,
                {"type": "health.snapshot", "topics": sorted(topics)},
                {"health": whole or {}} if "health" in topics else {},
                self._organisations(org_ids),
            )
        return self._written[key]

    def _delta(self, has_health: bool, org_ids: frozenset[UUID], *, is_administrator: bool) -> str:
        patch = (self._push.deployment if is_administrator else self._push.public) if has_health else None
        key = (has_health, is_administrator, org_ids)
        if key not in self._written:
            self._written[key] = _write(
                self._push,
                {"type": "health.delta", "previous": self._push.previous, "patch": patch or {}},
                self._organisations(org_ids),
            )
        return self._written[key]

    def _organisations(self, org_ids: frozenset[UUID]) -> dict[str, Any]:
        organisations = self._push.organisations or {}
        return {"organisations": {str(org_id): organisations[org_id] for org_id in sorted(org_ids)}}


def _write(push: Push, *members: Mapping[str, Any]) -> str:
    shared = push.model_dump(mode="json", include={"sequence", "sent_at", "advice"}, exclude_none=True)
    message = {name: value for part in members for name, value in part.items()} | shared
    return json.dumps(message, separators=(",", ":"))
