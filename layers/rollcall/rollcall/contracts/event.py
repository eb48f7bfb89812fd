"""Progress events and batches, as they come over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetPydanticSchema,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, core_schema

# No control characters: PostgreSQL cannot hold NUL, and the rest has no place in an identifier. Nor the two
# noncharacters that SQS refuses: what is accepted must fit the spool queue as well.
Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f\ufffe\uffff]+$")]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "Input should have a character that is no blank")
    return text


LearnerId = Annotated[Identifier, AfterValidator(_not_blank)]
UNNAMED = UUID(int=0)
RFC_3339 = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"


def _timestamp(_source: object, _handler: object) -> core_schema.CoreSchema:
    """Check the form first: pydantic alone takes a number in a string for seconds, or milliseconds as it guesses."""
    aware = core_schema.datetime_schema(tz_constraint="aware", strict=False)
    text = core_schema.chain_schema([core_schema.str_schema(pattern=RFC_3339, strict=True), aware])
    return core_schema.custom_error_schema(
        core_schema.json_or_python_schema(json_schema=text, python_schema=aware),
        custom_error_type="timestamp_invalid",
        custom_error_message="Input should be an RFC 3339 time with an offset",
    )


Timestamp = Annotated[
    datetime, GetPydanticSchema(_timestamp), WithJsonSchema({"type": "string", "format": "date-time"})
]


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _whole_within(value: Any) -> Any:
    match value:
        case dict():
            return {key: _whole_within(item) for key, item in value.items()}
        case list():
            return [_whole_within(item) for item in value]
        case _:
            return _whole(value)


# JSON has one kind of number: 30.0 is an integer to JSON Schema and to clients that know floats alone. In attributes
# 1 and 1.0 become one as well, or an event sent again by another serialiser would be a conflict.
WholeNumber = Annotated[int, BeforeValidator(_whole)]
Attributes = Annotated[dict[str, Any], AfterValidator(_whole_within)]
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
    time_spent_seconds: WholeNumber = Field(
        0, ge=0, le=SECONDS_PER_DAY, description="Time spent since the event before, not in all."
    )
    occurred_at: Timestamp = Field(description="When it happened: RFC 3339 with an offset.")
    assigned_by: UUID | None = Field(None, description="Who assigned the course; narrows the look-up of org_id.")
    attributes: Attributes | None = Field(
        None, description="Small extra facts under keys that the deployment allows. No free text."
    )


class SentProgressEvent(ProgressEvent):
    """A progress event as a client sends it: its learner is named by `user_id`, or by `learner_id`."""

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

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    events: list[SentProgressEvent] = Field(min_length=1, description="The events.")


EVENTS = TypeAdapter(list[ProgressEvent])
