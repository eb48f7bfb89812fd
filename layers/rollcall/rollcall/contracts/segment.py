"""The public batch shape of Segment's tracking API, read leniently: what we do not know, we ignore.

Source: Segment, "HTTP Tracking API" and "Spec: Common Fields".
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from rollcall.contracts.identifiers import Identifier, id_text
from rollcall.contracts.times import ForeignTime


def _id(value: object) -> object:
    """Clients write ids as numbers too, and leave out what they do not know by an empty text."""
    if isinstance(value, int | float):
        return id_text(value) or value
    return None if value == "" else value


def _text(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return id_text(value) or str(value)
    return None if value == "" else value


def _object(value: object) -> object:
    return {} if value is None else value


ID_SCHEMA = {
    "anyOf": [
        {"type": "string", "maxLength": 128, "pattern": "^[^\\x00-\\x1f\\x7f-\\x9f\\ufffe\\uffff]*$"},
        {"type": ["number", "null"]},
    ]
}
Id = Annotated[Identifier | None, BeforeValidator(_id), WithJsonSchema(ID_SCHEMA)]
MessageId = Annotated[str | None, BeforeValidator(_id), WithJsonSchema({"type": ["string", "number", "null"]})]
Text = Annotated[str | None, BeforeValidator(_text), WithJsonSchema({"type": ["string", "number", "null"]})]
Members = Annotated[
    dict[str, Any],
    BeforeValidator(_object),
    WithJsonSchema({"type": ["object", "null"], "additionalProperties": True}),
]


class SegmentCall(BaseModel):
    """One call of a client's library: what somebody did, or who they are."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, alias_generator=to_camel)

    type: Literal["track", "identify", "page", "screen", "group", "alias"] = Field(description="Which call it is.")
    message_id: MessageId = Field(
        None, description="Made by the client's library, once for each call: what makes it count once."
    )
    timestamp: ForeignTime = Field(None, description="When it happened, by the client's clock.")
    user_id: Id = Field(None, description="Who: kept as a pseudonym alone.")
    anonymous_id: Id = Field(None, description="Who, before they signed in: kept as a pseudonym alone.")
    event: Id = Field(None, description="track: what happened.")
    properties: Members = Field(default_factory=dict, description="track, page, screen: what else.")
    traits: Members = Field(default_factory=dict, description="identify, group: what is known of them.")
    context: Members = Field(default_factory=dict, description="Where it happened: device, application, locale.")
    previous_id: Id = Field(None, description="alias: the id that becomes userId. Kept as a pseudonym alone.")
    group_id: Id = Field(None, description="group: which.")
    name: Text = Field(None, description="page, screen: which.")
    category: Text = Field(None, description="page, screen: of which kind.")


class SegmentBatch(BaseModel):
    """A batch of calls. Each is judged on its own."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)

    batch: list[Any] = Field(
        min_length=1, description="The calls.", json_schema_extra={"items": SegmentCall.model_json_schema()}
    )
    sent_at: Any = Field(None, description="When it was sent, by the client's clock: tells how wrong that is.")
    context: Any = Field(None, description="What the calls' own context adds to.")
    write_key: Any = Field(None, description="The write key, where no Authorization header names it.")


class SegmentAnswer(BaseModel):
    """All that could be taken was taken."""

    model_config = ConfigDict(frozen=True)

    success: Literal[True] = Field(default=True, description="For clients that look at it.")
