"""Subscribe: remember who wants to hear of health, and tell them how it is now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from rollcall.contracts.caller import Caller
from rollcall.contracts.health.advice import Advice
from rollcall.contracts.health.health import PublicHealth, Published
from rollcall.contracts.sockets.connection import Bearer, Connection
from rollcall.contracts.sockets.messages import PongMessage, SnapshotMessage, SubscribeOrder
from rollcall.domain.health.audience import organisations_for, sees_numbers, topics_for
from rollcall.domain.health.status import is_stale
from rollcall.errors import HealthUnknown, TableUnavailable


class Connections(Protocol):
    """Sockets that subscribed; raises TableUnavailable."""

    def keep(self, connection: Connection) -> None:
        """Remember what a connection wants to hear now."""


class HealthReader(Protocol):
    """What was measured last; raises TableUnavailable."""

    def read(self) -> Published | None:
        """Return it, or None when nothing was measured yet."""


@dataclass(frozen=True)
class Subscribe:
    """The flow, with the IO it was given.

    `calm` is what is advised while nobody knows more; after `stale_after` without a look nobody does.
    """

    connections: Connections
    health: HealthReader
    calm: Advice
    stale_after: timedelta
    now: Callable[[], datetime]

    def subscribe(self, connection_id: str, caller: Caller, order: SubscribeOrder) -> SnapshotMessage:
        """Remember what a connection wants to hear, and return how it is now.

        Raises ScopeMissing, OrganisationForbidden, TableUnavailable, HealthUnknown.
        """
        topics, org_ids = topics_for(caller, order.topics), organisations_for(caller, order.org_ids)
        if "organisations" not in topics:
            org_ids = frozenset()
        # Before health is read: what changes after that is pushed to this connection already.
        bearer = Bearer.of(caller)
        self.connections.keep(Connection(connection_id=connection_id, bearer=bearer, topics=topics, org_ids=org_ids))
        published = self._read()
        if published is None:
            raise HealthUnknown
        health = published.health
        shown = health if sees_numbers(caller) else PublicHealth(status=health.status)
        return SnapshotMessage(
            sequence=health.sequence,
            sent_at=self.now(),
            topics=sorted(topics),
            health=shown if "health" in topics else None,
            organisations={org_id: found for org_id, found in published.organisations.items() if org_id in org_ids},
            advice=health.advice,
        )

    def ping(self) -> PongMessage:
        """Return the sequence that a client should have by now, and what it should keep to."""
        try:
            published = self._read()
        except TableUnavailable:
            published = None  # who asks whether anybody is there is answered that somebody is
        if published is None:
            return PongMessage(sent_at=self.now(), sequence=None, advice=self.calm)
        return PongMessage(sent_at=self.now(), sequence=published.health.sequence, advice=published.health.advice)

    def _read(self) -> Published | None:
        """Return how it is; None where nobody has measured yet, or for so long that nobody knows how it is now."""
        published = self.health.read()
        return None if published is None or is_stale(published, self.now(), self.stale_after) else published
