"""Analytics events: as they come over HTTP, and as they wait in the queue, scrubbed."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from rollcall.contracts.identifiers import Identifier
from rollcall.contracts.storable import StorableText
from rollcall.contracts.times import MessageTime, Timestamp

Pseudonym = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
PARTS_MAX = 10_000
Route = Literal["analytics", "import", "segment", "posthog"]


EXAMPLE: JsonDict = {
    "event_id": "3f2b8c1a-6d4e-4f5a-8b7c-9d0e1f2a3b4c",
    "org_id": "5d1f6a1c-5f0e-4c55-8a53-0f1c2b3d4e5f",
    "name": "video_played",
    "occurred_at": "2026-11-30T09:30:00Z",
    "user_id": "0b1f6c1e-8d2f-4a3b-9c4d-5e6f7a8b9c0d",
    "properties": {"position_seconds": 12},
}


class AnalyticsEvent(BaseModel):
    """One action of a person, or one thing that happened to a person, in an application."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    event_id: UUID = Field(description="Made by the client, once for each event: what makes it count once.")
    org_id: UUID = Field(description="The organisation: one that the token holds.")
    name: Identifier = Field(description="What happened. A name that the policy does not declare becomes a pseudonym.")
    occurred_at: Timestamp = Field(description="When it happened: RFC 3339 with an offset.")
    user_id: Identifier | None = Field(None, description="The person's id. Only its pseudonym is stored.")
    anonymous_id: Identifier | None = Field(
        None, description="The person's id before sign-in. Only its pseudonym is stored."
    )
    session_id: Identifier | None = Field(None, description="Which visit: kept as a pseudonym alone.")
    properties: dict[str, Any] = Field(
        default_factory=dict, description="What else: kept where the policy declares it safe for this name."
    )


class UntimedEvent(AnalyticsEvent):
    """An event without a time of its own: `occurred_at` is the time of the attempt to send it.

    The next attempt has another, and the event is the same.
    """


class AnalyticsBatch(BaseModel):
    """Analytics events of any people, in any order."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [{"events": [EXAMPLE]}]}
    )

    events: list[AnalyticsEvent] = Field(min_length=1, description="The events.")


class ScrubbedEvent(BaseModel):
    """An analytics event with nothing personal left in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: UUID
    occurred_at: MessageTime
    name: str = Field(min_length=1, max_length=128)
    user_pseudonym: Pseudonym | None = None
    anonymous_pseudonym: Pseudonym | None = None
    session_pseudonym: Pseudonym | None = None
    properties: dict[str, Any]
    remarks: list[tuple[str, str, str]] = Field(description="Path, rule and action of whatever was scrubbed.")
    digest: Pseudonym = Field(description="Keyed digest of the sent event: it separates a duplicate from a conflict.")


class QueuedEnvelope(BaseModel):
    """The envelope of a message of the analytics queue: one organisation's batch, or a part of a batch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    org_id: UUID
    batch_id: UUID
    part: int = Field(0, ge=0, le=PARTS_MAX, description="Which part of a batch that was too large for one message.")
    parts: int = Field(1, ge=1, le=PARTS_MAX, description="How many parts there are.")
    route: Route
    sent_by: StorableText = Field(
        min_length=1, max_length=128, description="The sender: a pseudonym, or a write key's id."
    )
    received_at: MessageTime
    key_id: StorableText = Field(min_length=1, max_length=64, description="Which key its pseudonyms were made with.")
    policy_version: StorableText = Field(min_length=1, max_length=128)
    content_hash: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 over the digests of its events.")


class QueuedBatch(QueuedEnvelope):
    """A scrubbed batch, as a message of the analytics queue."""

    events: list[ScrubbedEvent] = Field(min_length=1)
