"""The public shapes of Segment's and RudderStack's tracking APIs, read leniently: what we do not know, we ignore.

Source: Segment, "HTTP Tracking API" and "Spec: Common Fields"; RudderStack, "HTTP API".
"""

import re
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from rollcall.contracts.identifiers import Identifier, id_text
from rollcall.contracts.ingest.receipt import BatchReceipt, EventReceipt
from rollcall.contracts.placeholders import is_placeholder, names_no_event
from rollcall.contracts.times import ForeignTime

NAME_MAX = 128
CONTROLS = r"\x00-\x1f\x7f-\x9f\ufffe\uffff"
CONTROL = re.compile(f"[{CONTROLS}]")
BLANKS = re.compile(rf"[\s{CONTROLS}]++")
BLANK = "".join(filter(BLANKS.match, map(chr, (*range(0x3001), 0xFFFE, 0xFFFF))))

CallType = Literal["track", "identify", "page", "screen", "group", "alias"]
CALL_TYPES: tuple[str, ...] = get_args(CallType)


def _type(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _id(value: object) -> object:
    """Clients write ids as numbers too, put placeholders for what they do not know, and forget to trim."""
    if isinstance(value, int | float):
        return id_text(value) or value
    if not isinstance(value, str):
        return value
    return None if is_placeholder(value) else value.strip(BLANK)


def _message_id(value: object) -> object:
    """Read the id that makes a call count once, exactly as sent; a placeholder would merge many events into one."""
    text = (id_text(value) or value) if isinstance(value, int | float) else value
    return None if isinstance(text, str) and names_no_event(text) else text


def _text(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return id_text(value) or str(value)
    return None if value == "" else value


def _name(value: object) -> object:
    """Read a name: a line break becomes a space, and a long name is cut."""
    text = _text(value)
    if not isinstance(text, str):
        return text
    return BLANKS.sub(_blank, text.strip(BLANK))[:NAME_MAX].rstrip() or None


def _blank(run: re.Match[str]) -> str:
    return " " if CONTROL.search(run[0]) else run[0]


def _object(value: object) -> object:
    return {} if value is None else value


# What cannot be read of these counts as absent, so that their schema is anything.
ANYTHING = WithJsonSchema({})
Id = Annotated[Identifier | None, BeforeValidator(_id), ANYTHING]
MessageId = Annotated[str | None, BeforeValidator(_message_id), ANYTHING]
Text = Annotated[str | None, BeforeValidator(_text), ANYTHING]
Name = Annotated[Identifier | None, BeforeValidator(_name), ANYTHING]
Members = Annotated[dict[str, Any], BeforeValidator(_object), ANYTHING]


class SegmentCall(BaseModel):
    """One call of a client's library: an action of a person, or facts about the person."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, alias_generator=to_camel)

    type: Annotated[CallType, BeforeValidator(_type)] = Field(
        description="The type of the call. A route for one type knows it from its path."
    )
    message_id: MessageId = Field(
        None, description="Made by the client's library, once for each call: what makes it count once."
    )
    timestamp: ForeignTime = Field(None, description="When it happened, by the client's clock.")
    original_timestamp: Annotated[ForeignTime, ANYTHING] = Field(
        None, description="The same, in RudderStack's libraries; used if there is no timestamp."
    )
    user_id: Id = Field(None, description="The person's id. Only its pseudonym is stored.")
    anonymous_id: Id = Field(None, description="The person's id before sign-in. Only its pseudonym is stored.")
    event: Name = Field(None, description="track: what happened.")
    properties: Members = Field(default_factory=dict, description="track, page, screen: what else.")
    traits: Members = Field(default_factory=dict, description="identify, group: facts about the person or group.")
    context: Members = Field(default_factory=dict, description="Where it happened: device, application, locale.")
    previous_id: Id = Field(None, description="alias: the id that becomes userId. Kept as a pseudonym alone.")
    group_id: Id = Field(None, description="group: which.")
    name: Text = Field(None, description="page, screen: which.")
    category: Text = Field(None, description="page, screen: of which kind.")


class SegmentSingleCall(SegmentCall):
    """One call as the body of a route for its type."""

    type: Any = Field(None, description="Ignored: the path has it.")
    sent_at: Any = Field(None, description="The sending time, by the client's clock: it shows how wrong that clock is.")
    write_key: Any = Field(None, description="The write key, where neither a header nor the query names it.")


class SegmentBatch(BaseModel):
    """A batch of calls. Each is judged on its own."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)

    batch: list[Any] = Field(
        min_length=1, description="The calls.", json_schema_extra={"items": SegmentCall.model_json_schema()}
    )
    sent_at: Any = Field(None, description="The sending time, by the client's clock: it shows how wrong that clock is.")
    context: Any = Field(None, description="What the calls' own context adds to.")
    write_key: Any = Field(None, description="The write key, where neither a header nor the query names it.")


class SegmentAnswer(BaseModel):
    """What could be taken was taken. Clients look at the status alone; the rest is for people."""

    model_config = ConfigDict(frozen=True)

    success: Literal[True] = Field(default=True, description="For clients that look at it.")
    accepted: int = Field(description="How many calls are in the queue.")
    rejected: int = Field(description="How many were not accepted: their results have the reasons.")
    results: list[EventReceipt] = Field(description="A receipt per call, in the order of the request.")

    @classmethod
    def of(cls, receipt: BatchReceipt) -> Self:
        """Return the answer to a batch with this receipt."""
        return cls(accepted=receipt.counts.accepted, rejected=receipt.counts.rejected, results=receipt.results)


class SegmentSource(BaseModel):
    """What a library reads of its source before it sends: nothing but events for this API, and no destinations."""

    model_config = ConfigDict(frozen=True, extra="allow")


class SegmentSettings(SegmentSource):
    """The settings that Segment's libraries for browsers and mobiles read."""

    integrations: dict[str, dict[str, Any]] = Field(description="Where calls go: to this API.")
    metrics: dict[str, float] = Field(default={"sampleRate": 0.0}, description="The library reports nothing of itself.")


class RudderSource(SegmentSource):
    """The configuration that RudderStack's libraries for browsers and mobiles read."""

    source: dict[str, Any] = Field(description="The source: enabled, and without destinations.")
