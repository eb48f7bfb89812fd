"""Sockets: the tickets that open them, who is connected, and what is sent to many at once."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.advice import Advice
from rollcall.contracts.caller import Caller

TICKET_SECONDS = 30

Topic = Literal["health", "organisations"]
"""health: the deployment's status and, for administrators, its numbers. organisations: those of one's own."""


class Ticket(BaseModel):
    """Opens one socket, once."""

    model_config = ConfigDict(frozen=True)

    ticket: str = Field(description="Give it as ?ticket= to the address of the socket.")
    expires_in_seconds: int = Field(description="It opens nothing after that.")
    url: str = Field(description="The address of the socket.")


class Connection(BaseModel):
    """An open socket, and whose it is."""

    model_config = ConfigDict(frozen=True)

    connection_id: str
    caller: Caller
    topics: frozenset[Topic] = frozenset()
    org_ids: frozenset[UUID] = frozenset()
    """Which organisations it subscribed to; some of the caller's."""


class Push(BaseModel):
    """What is to be sent to whoever subscribed to it. `after` is where a further page of connections begins."""

    model_config = ConfigDict(frozen=True)

    type: Literal["health.delta", "heartbeat"]
    sequence: int
    previous: int = Field(description="The sequence that the patches apply to; of a heartbeat: its own.")
    sent_at: datetime
    advice: Advice
    public: dict[str, Any] | None = Field(None, description="JSON merge patch of what anybody may know; null: none.")
    deployment: dict[str, Any] | None = Field(None, description="JSON merge patch of what administrators may know.")
    organisations: dict[UUID, dict[str, Any] | None] | None = Field(
        default_factory=dict,
        description="JSON merge patch of organisations' numbers, by organisation; null: more changed than is pushed.",
    )
    after: str | None = None


class Signal(BaseModel):
    """What a function saw that matters at once. Watch looks for itself before it believes it."""

    model_config = ConfigDict(frozen=True)

    seen: Literal["database_unreachable", "database_reachable"]
    seen_at: datetime
    service: str
