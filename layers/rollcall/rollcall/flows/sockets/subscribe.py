"""Subscribe: store a socket's subscription to health, and answer with the current state."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from rollcall.contracts.caller import Caller
from rollcall.contracts.health.advice import Advice
from rollcall.contracts.health.health import HealthState, PublicHealth
from rollcall.contracts.sockets.connection import Bearer, Connection
from rollcall.contracts.sockets.messages import PongMessage, SnapshotMessage, SubscribeOrder
from rollcall.domain.health.audience import organisations_for, sees_numbers, topics_for
from rollcall.domain.health.status import is_stale
from rollcall.errors import HealthUnknown, TableUnavailable


class Connections(Protocol):
    """Sockets that subscribed; raises TableUnavailable."""

    def keep(self, connection: Connection) -> None:
        """Store a connection's subscription."""


class HealthReader(Protocol):
    """The table with the latest health state; raises TableUnavailable."""

    def read(self) -> HealthState | None:
        """Return the latest state, or None before the first measurement."""


@dataclass(frozen=True)
class Subscribe:
    """The flow, with the IO it was given.

    `calm` is the advice without a current health state. After `stale_after` without a measurement a state is too old.
    """

    connections: Connections
    health: HealthReader
    calm: Advice
    stale_after: timedelta
    now: Callable[[], datetime]

    def subscribe(self, connection_id: str, caller: Caller, order: SubscribeOrder) -> SnapshotMessage:
        """Store a connection's subscription, and return the current health state.

        Raises ScopeMissing, OrganisationForbidden, TableUnavailable, HealthUnknown.
        """
        topics, org_ids = topics_for(caller, order.topics), organisations_for(caller, order.org_ids)
        if "organisations" not in topics:
            org_ids = frozenset()
        # Stored before health is read, so that every later change is pushed to this connection.
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
        """Return the current sequence, and the advice for clients."""
        try:
            published = self._read()
        except TableUnavailable:
            published = None  # a ping is answered even while the table is away
        if published is None:
            return PongMessage(sent_at=self.now(), sequence=None, advice=self.calm)
        return PongMessage(sent_at=self.now(), sequence=published.health.sequence, advice=published.health.advice)

    def _read(self) -> HealthState | None:
        """Return the health state, or None before the first measurement and when the last one is too old."""
        published = self.health.read()
        return None if published is None or is_stale(published, self.now(), self.stale_after) else published
