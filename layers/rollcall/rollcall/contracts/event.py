"""Progress events and batches, as they come over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

# No control characters: PostgreSQL cannot hold NUL, and the rest has no place in an identifier. Nor the two
# noncharacters that SQS refuses: what is accepted must fit the spool queue as well.
Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f\ufffe\uffff]+$")]
ProgressKind = Literal["started", "progressed", "completed"]
SECONDS_PER_DAY = 86_400


class ProgressEvent(BaseModel):
    """One thing that a learner did in a lesson."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    event_id: UUID = Field(description="Made by the client, once for each event: what makes it count once.")
    org_id: UUID | None = Field(
        None, description="The organisation; when absent, that of the learner's assignment to the course."
    )
    user_id: UUID = Field(description="The learner: the token's own subject, or any when a service sends it.")
    course_id: Identifier = Field(description="The course.")
    lesson_id: Identifier = Field(description="The lesson within the course.")
    kind: ProgressKind = Field(description="What happened.")
    percent: float | None = Field(
        None, ge=0, le=100, allow_inf_nan=False, description="How far the learner is; kept to two decimals."
    )
    time_spent_seconds: int = Field(
        0, ge=0, le=SECONDS_PER_DAY, description="Time spent since the event before, not in all."
    )
    occurred_at: AwareDatetime = Field(description="When it happened: RFC 3339 with an offset.")
    assigned_by: UUID | None = Field(None, description="Who assigned the course; narrows the look-up of org_id.")
    attributes: dict[str, Any] | None = Field(
        None, description="Small extra facts under keys that the deployment allows. No free text."
    )


class ProgressBatch(BaseModel):
    """Progress events of any learners, in any order."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    events: list[ProgressEvent] = Field(min_length=1, description="The events.")


EVENTS = TypeAdapter(list[ProgressEvent])
