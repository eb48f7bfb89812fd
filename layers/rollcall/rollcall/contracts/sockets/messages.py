"""The messages of a socket, from clients and to clients. Each message is one JSON object."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rollcall.contracts.fields import is_absent
from rollcall.contracts.health.health import Health, OrganisationHealth, PublicHealth
from rollcall.contracts.ingest.receipt import Counts, EventReceipt
from rollcall.contracts.problem import ProblemFault
from rollcall.contracts.sockets.connection import FRAME_BYTES_MAX, SocketAdvice, Topic

# API Gateway takes 128 KB in several frames. A message that a browser could not send is refused from every client, so
# that a client shows the fault on an emulator without that quota too.
MESSAGE_BYTES_MAX = FRAME_BYTES_MAX
BATCH_ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"

BatchId = Annotated[str, StringConstraints(pattern=BATCH_ID_PATTERN)]


class SubscribeOrder(BaseModel):
    """Asks for the health state and its changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal["subscribe"]
    topics: frozenset[Topic] | None = Field(None, description="Null: all that the token may see.")
    org_ids: frozenset[UUID] | None = Field(None, max_length=100, description="Null: all that the token holds.")


class PingOrder(BaseModel):
    """Asks whether anybody is there, and keeps the socket open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal["ping"]


class BatchOrder(BaseModel):
    """Sends progress events, beside its `events`, which are read as those of an HTTP body are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal["progress.batch"]
    batch_id: BatchId = Field(description="The client's own: its answer bears it.")


class Message(BaseModel):
    """A message to a client."""

    model_config = ConfigDict(frozen=True)

    def text(self) -> str:
        """Return the message as text."""
        return self.model_dump_json()


class SnapshotMessage(Message):
    """Answers `subscribe` with all of the current state that the token may see."""

    type: Literal["health.snapshot"] = "health.snapshot"
    sequence: int = Field(description="The next delta has this as `previous`.")
    sent_at: datetime
    topics: list[Topic]
    health: Health | PublicHealth | None = Field(description="Null without the topic health.")
    organisations: dict[UUID, OrganisationHealth] = Field(description="Those that were measured already.")
    advice: SocketAdvice

    def text(self) -> str:
        """Return the message as text, without nulls: deltas apply to documents without nulls."""
        return self.model_dump_json(exclude_none=True)


class PongMessage(Message):
    """Answers `ping`."""

    type: Literal["pong"] = "pong"
    sent_at: datetime
    sequence: int | None = Field(description="The sequence of the latest change of health; null if it is unknown now.")
    advice: SocketAdvice


class Rate(BaseModel):
    """How many batches the caller may send."""

    model_config = ConfigDict(frozen=True)

    limit: int = Field(description="At once, after a pause.")
    remaining: int = Field(description="Now.")
    reset_ms: int = Field(description="Time until the full allowance is back.")


class ReceiptMessage(Message):
    """Answers `progress.batch`: what became of each event, in the order of the message."""

    type: Literal["progress.receipt"] = "progress.receipt"
    batch_id: BatchId
    counts: Counts
    results: list[EventReceipt]
    rate: Rate
    advice: SocketAdvice


class ProblemMessage(Message):
    """Answers what could not be done. Its members are those of a problem over HTTP."""

    type: Literal["problem"] = "problem"
    code: str
    detail: str
    request_id: str = Field(description="Quote it to the people on call.")
    batch_id: str | None = Field(None, exclude_if=is_absent, description="The batch of this message.")
    retry_after_seconds: int | None = Field(None, exclude_if=is_absent, description="Wait for so long before more.")
    errors: list[ProblemFault] | None = Field(None, exclude_if=is_absent)
    results: list[EventReceipt] | None = Field(None, exclude_if=is_absent)
