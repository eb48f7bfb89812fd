"""Sockets: tickets, connections, and pushes to many connections at once."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rollcall.contracts.caller import Caller
from rollcall.contracts.health.advice import Advice

TICKET_SECONDS = 30
# API Gateway's quota for one frame, which cannot be raised; browsers send a message in one. A longer one closes the
# socket. Source: Amazon API Gateway, Quotas for configuring and running a WebSocket API.
FRAME_BYTES_MAX = 32_768
# So many events have 655 bytes each in a frame. Those of events/progress_batch.json have 328, so 100 would not fit.
BATCH_EVENTS_MAX = 50

Topic = Literal["health", "organisations"]
"""health: the deployment's status and, for administrators, its numbers. organisations: those of one's own."""


class Ticket(BaseModel):
    """Opens one socket, once."""

    model_config = ConfigDict(frozen=True)

    ticket: str = Field(description="Give it as ?ticket= to the address of the socket.")
    expires_in_seconds: int = Field(description="It opens nothing after that.")
    url: str = Field(description="The address of the socket.")


def _within_frame(advice: Advice) -> Advice:
    return advice.model_copy(update={"batch_size": min(advice.batch_size, BATCH_EVENTS_MAX)})


SocketAdvice = Annotated[Advice, AfterValidator(_within_frame)]
"""Advice on a socket: no batch is larger than a frame."""


class Bearer(BaseModel):
    """What the token behind a socket allows. It does not hold the person: a push needs no person."""

    model_config = ConfigDict(frozen=True)

    scopes: frozenset[str]
    org_ids: frozenset[UUID]
    expires_at: int = Field(description="Seconds since the epoch.")

    @classmethod
    def of(cls, caller: Caller) -> Self:
        """Return what this caller may do."""
        return cls(scopes=caller.scopes, org_ids=caller.org_ids, expires_at=caller.expires_at)


class Connection(BaseModel):
    """A subscribed socket: its topics, and what its token allows."""

    model_config = ConfigDict(frozen=True)

    connection_id: str
    bearer: Bearer
    topics: frozenset[Topic] = frozenset()
    org_ids: frozenset[UUID] = frozenset()
    """Which organisations it subscribed to; some of the bearer's."""


class Deadline(BaseModel):
    """An open socket, subscribed or not, and when its token expires, in seconds since the epoch."""

    model_config = ConfigDict(frozen=True)

    connection_id: str
    expires_at: int


class Push(BaseModel):
    """A message for the sockets that subscribed to it. `after` is where a further page of connections begins.

    The patches of a snapshot apply to nothing: they are whole.
    """

    model_config = ConfigDict(frozen=True)

    type: Literal["health.snapshot", "health.delta", "heartbeat"]
    sequence: int
    previous: int = Field(description="The sequence that the patches apply to; of a heartbeat its own.")
    sent_at: datetime
    advice: SocketAdvice
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
