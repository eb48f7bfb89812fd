"""Progress events and batches, as they come over HTTP."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    WithJsonSchema,
)

from rollcall.contracts.identifiers import Identifier, LearnerId
from rollcall.contracts.storable import StorableObject
from rollcall.contracts.times import Timestamp

UNNAMED = UUID(int=0)


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


def _rounded(digits: int) -> Callable[[object], object]:
    """Return what rounds a float as PostgreSQL rounds the number that was written: half away from zero."""
    step = Decimal(1).scaleb(-digits)

    def rounded(value: object) -> object:
        # Beyond this the number is out of bounds, however it is rounded; NaN is not below it either.
        if type(value) is not float or not -ROUNDED_MAX < value < ROUNDED_MAX:
            return value
        if value > 0 and round(value, digits) == value:
            return value if digits else int(value)
        nearest = Decimal(repr(value)).quantize(step, ROUND_HALF_UP)
        return float(nearest) + 0.0 if digits else int(nearest)

    return rounded


WholeNumber = Annotated[int, BeforeValidator(_whole)]
# JSON has one kind of number: 1 and 1.0 become one, or an event sent again by another serialiser would be a conflict.
Attributes = Annotated[StorableObject, AfterValidator(_whole_within)]
ProgressKind = Literal["started", "progressed", "completed"]
SECONDS_PER_DAY, PERCENT_MAX = 86_400, 100
ROUNDED_MAX = 1e9
# A number that rounds to one within the bounds is one: what JSON Schema says has the same bounds.
Percent = Annotated[
    float,
    BeforeValidator(_rounded(2)),
    Field(ge=0, le=PERCENT_MAX, allow_inf_nan=False),
    WithJsonSchema({"type": "number", "exclusiveMinimum": -0.005, "exclusiveMaximum": PERCENT_MAX + 0.005}),
]
Seconds = Annotated[
    int,
    BeforeValidator(_rounded(0)),
    Field(ge=0, le=SECONDS_PER_DAY),
    WithJsonSchema({"type": "number", "exclusiveMinimum": -0.5, "exclusiveMaximum": SECONDS_PER_DAY + 0.5}),
]


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
