"""Progress events and batches, as they come over HTTP."""

from typing import Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
)
from pydantic.config import JsonDict

from rollcall.contracts.fields import Attributes, Percent, Seconds
from rollcall.contracts.identifiers import Identifier, LearnerId
from rollcall.contracts.times import Timestamp

UNNAMED = UUID(int=0)


ProgressKind = Literal["started", "progressed", "completed"]


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
    percent: Percent | None = Field(None, description="How far the learner is, 0 to 100: rounded to two decimals.")
    time_spent_seconds: Seconds = Field(
        0, description="Time spent since the event before, not in all, 0 to 86,400: rounded to whole seconds."
    )
    occurred_at: Timestamp = Field(description="When it happened: RFC 3339 with an offset.")
    assigned_by: UUID | None = Field(
        None, description="The person who assigned the course; it narrows the look-up of org_id."
    )
    attributes: Attributes | None = Field(
        None, description="Small extra facts under keys that the deployment allows. No free text."
    )


EXAMPLE: JsonDict = {
    "event_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "org_id": "5d1f6a1c-5f0e-4c55-8a53-0f1c2b3d4e5f",
    "user_id": "0b1f6c1e-8d2f-4a3b-9c4d-5e6f7a8b9c0d",
    "course_id": "algebra",
    "lesson_id": "fractions-1",
    "kind": "progressed",
    "percent": 87.5,
    "time_spent_seconds": 240,
    "occurred_at": "2026-11-30T09:30:00Z",
}


class SentProgressEvent(ProgressEvent):
    """A progress event as a client sends it: its learner is named by `user_id`, or by `learner_id`."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    # Optional to be left out for learner_id. One of the two is asked for where events are judged: at no cost to others.
    user_id: UUID = Field(
        UNNAMED, description="The learner: the token's own subject, or any when a service sends it. Or learner_id."
    )
    learner_id: LearnerId | None = Field(
        None,
        description="In place of user_id: the learner's id in your own system, a text. It becomes a UUID under the "
        "organisation's key, and is stored nowhere.",
    )


class ProgressBatch(BaseModel):
    """Progress events of any learners, in any order."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [{"events": [EXAMPLE]}]}
    )

    events: list[SentProgressEvent] = Field(min_length=1, description="The events.")


EVENTS = TypeAdapter(list[ProgressEvent])
