"""Push: send to each socket what it subscribed to and its bearer may see, a page of connections at a time."""

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

# Small enough to send pages side by side, large enough to keep the cost of handing on low:
# docs/reference/health-stream.md.
PAGE_SIZE = 500

Sent = Literal["sent", "idle", "gone", "expired", "failed"]
"""sent: it has it. idle: it wants to hear nothing. gone: it was closed, and is forgotten now. expired: its token was,
and it is closed now. failed: the gateway did not take it; the gap is noticed by the client."""


class Page(Protocol):
    """Some sockets that subscribed: those that may be sent to, the ids of those that nobody here can read, the rest."""

    @property
    def live(self) -> Sequence[Connection]:
        """Those that may be sent to."""

    @property
    def unreadable_ids(self) -> Sequence[str]:
        """Those that another version of ours kept: their clients open new ones."""

    @property
    def next_id(self) -> str | None:
        """Where the next page begins after; None at the end."""


class Connections(Protocol):
    """Knows who is connected, and who subscribed; each raises TableUnavailable."""

    def page(self, limit: int, after: str | None = None) -> Page:
        """Return up to `limit` of those that subscribed."""

    def overdue(self, limit: int) -> Sequence[Deadline]:
        """Return up to `limit` open sockets whose token has expired, subscribed or not."""

    def remove(self, connection_id: str, expires_at: int | None) -> None:
        """Forget a connection, and when its token expires, where that is known."""


class Sockets(Protocol):
    """Reaches open sockets; each raises ConnectionGone, SocketsUnavailable."""

    def post(self, connection_id: str, text: str) -> None:
        """Send a message."""

    def close(self, connection_id: str) -> None:
        """Close a socket."""


Work = Callable[[], Sent]
Together = Callable[[Callable[[Work], Sent], Iterable[Work]], Iterator[Sent]]
"""`map`, or one that does several at a time."""


@dataclass(frozen=True)
class Pushed:
    """What came of a page, and whether whoever stands after it hears of it."""

    counts: Counter[Sent]
    is_handed_on: bool


@dataclass(frozen=True)
class PushPage:
    """The flow, with the IO it was given. `hand_on` puts a message on the push queue; it raises QueueUnavailable."""

    connections: Connections
    sockets: Sockets
    hand_on: Callable[[str], object]
    together: Together

    def push(self, push: Push) -> Pushed:
        """Send to one page of connections, and hand on to the next one first, so that pages are sent side by side.

        With the first page, sockets whose token has expired are closed, however few subscribed.
        No socket's trouble is another's: what fails is counted. Raises TableUnavailable when nobody can be told.
        """
        page = self.connections.page(PAGE_SIZE, push.after)
        is_handed_on = self._hand_on(push, page.next_id)
        texts = Texts(push)
        work = [self._sending(connection, texts.of(connection)) for connection in page.live]
        work += [self._closing(connection_id, None) for connection_id in page.unreadable_ids]
        overdue = self._overdue() if push.after is None else ()
        work += [self._closing(deadline.connection_id, deadline.expires_at) for deadline in overdue]
        return Pushed(Counter(self.together(_do, work)), is_handed_on)

    def _overdue(self) -> Sequence[Deadline]:
        try:
            return self.connections.overdue(PAGE_SIZE)
        except TableUnavailable:
            return ()  # nobody is sent anything after their deadline; the next push closes their sockets

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
                # Not forgotten: the next push tries again.
                return "failed"
            self._forget(connection_id, expires_at)
            return "expired"

        return close

    def _forget(self, connection_id: str, expires_at: int | None) -> None:
        # Where that fails, the next push finds it gone once more.
        with suppress(RollcallError):
            self.connections.remove(connection_id, expires_at)


def _do(work: Work) -> Sent:
    return work()


class Texts:
    """The texts of one push. What many may see is written once."""

    def __init__(self, push: Push) -> None:
        self._push = push
        self._written: dict[Any, str] = {}
        self._heartbeat = _write(push, {"type": "heartbeat"})

    def of(self, connection: Connection) -> str | None:
        """Return what this connection is sent; None when it wants to hear nothing."""
        if not connection.topics:
            return None
        is_administrator = sees_numbers(connection.bearer)
        org_ids: frozenset[UUID] = frozenset()
        if is_administrator and "organisations" in connection.topics:
            # Once more, though they were some of its own when it subscribed.
            org_ids = connection.org_ids & connection.bearer.org_ids
        if self._push.type == "heartbeat" or (org_ids and self._push.organisations is None):
            # Of a change, it says that there is a sequence which the client has not got: it asks for the whole then.
            return self._heartbeat
        changed = org_ids.intersection(self._push.organisations or {})
        if self._push.type == "health.snapshot":
            return self._snapshot(connection.topics, changed, is_administrator=is_administrator)
        return self._delta("health" in connection.topics, changed, is_administrator=is_administrator)

    def _snapshot(self, topics: frozenset[Topic], org_ids: frozenset[UUID], *, is_administrator: bool) -> str:
        """Return the message that answers `subscribe`: whoever was answered `health_unknown` waits for it."""
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
