"""Redriving and discarding dead letters: requests and results."""

import json
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from rollcall.contracts.dead_letters.letter import Cause, QueueName, State
from rollcall.contracts.fields import is_absent
from rollcall.contracts.identifiers import Identifier
from rollcall.contracts.operations import Operation, OperationView, RatePerSecond
from rollcall.contracts.times import WindowTime

SELECTED_MAX = 300  # what an operation's parameters hold


class Selection(BaseModel):
    """Which dead letters: some by their ids, those of a cause, or all. A cause and all mean the open ones."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        json_schema_extra={
            "oneOf": [
                {"required": [name], "properties": {name: {"not": {"type": "null"}}}}
                for name in ("dead_letter_ids", "cause", "all")
            ]
        },
    )

    dead_letter_ids: list[UUID] | None = Field(None, min_length=1, max_length=SELECTED_MAX)
    cause: Cause | None = None
    all: Literal[True] | None = None
    queue: QueueName | None = Field(None, description="Of this queue alone.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(part is not None for part in (self.dead_letter_ids, self.cause, self.all)) != 1:
            raise PydanticCustomError("selection_invalid", "A selection has dead_letter_ids, a cause, or all")
        return self


class DiscardOrder(BaseModel):
    """The dead letters to discard, and the reason."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    org_id: UUID = Field(description="The organisation; the nil UUID for messages without one.")
    selection: Selection
    reason: Identifier = Field(description="The reason, for later readers. No names of people.")
    dry_run: bool = Field(False, description="Count what it would be, and change nothing.")
    until: WindowTime | None = Field(
        None,
        description="Only what failed by then: the `until` of a dry run, to give up what it counted.",
    )


class Discarding(BaseModel):
    """The result of a discard."""

    model_config = ConfigDict(frozen=True)

    dry_run: bool
    discarded: int = Field(description="Dead letters given up, or that would be.")
    remaining: int = Field(description="Dead letters of the selection that are still open: ask again.")
    until: datetime = Field(description="What failed later was not looked at.")


EXAMPLE: JsonDict = {
    "org_id": "5d1f6a1c-5f0e-4c55-8a53-0f1c2b3d4e5f",
    "selection": {"cause": "receives_exhausted"},
    "dry_run": True,
    "reason": "The policy is corrected",
}


class RedriveOrder(BaseModel):
    """The dead letters to put back on their queue, and the reason."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    org_id: UUID = Field(description="The organisation; the nil UUID for messages without one.")
    selection: Selection
    reason: Identifier = Field(description="The reason, for later readers. No names of people.")
    dry_run: bool = Field(False, description="Read and scrub what it would send, and send nothing.")
    rate_per_second: RatePerSecond = Field(50, description="Messages a second at most.")


def read_selection(operation: Operation) -> Selection:
    """Return what a redrive was asked to redrive."""
    # Through JSON again: what was stored holds ids as texts.
    return Selection.model_validate_json(json.dumps(operation.parameters["selection"]))


class RedriveView(OperationView):
    """A redrive, as its requester sees it."""

    selection: Selection = Field(description="What it was asked to redrive.")

    @classmethod
    def of(cls, operation: Operation, **more: Any) -> Self:
        """Return the view of a redrive."""
        return super().of(operation, selection=read_selection(operation), **more)


class RedriveResult(BaseModel):
    """What a redrive did with one message, and where its dead letter is now."""

    model_config = ConfigDict(frozen=True)

    dead_letter_id: UUID
    result: Literal["redriven", "failed"]
    code: str | None = Field(None, exclude_if=is_absent, description="Why it could not be redriven.")
    happened_at: datetime
    state: State = Field(description="The dead letter now: resolved when its message was stored.")


class RedriveCounts(BaseModel):
    """How many messages of a redrive came to what."""

    model_config = ConfigDict(frozen=True)

    redriven: int = Field(0, description="Put back on their queue.")
    failed: int = Field(0, description="Not put back: each has its code.")
    resolved: int = Field(0, description="Of those put back: stored since.")
    open_again: int = Field(0, description="Of those put back: failed again since.")


class RedriveReport(BaseModel):
    """How far a redrive is, and what it did with each message: a page of results, in the order of their ids."""

    model_config = ConfigDict(frozen=True)

    redrive: RedriveView
    messages: RedriveCounts
    results: list[RedriveResult]
    next_after: UUID | None = Field(None, exclude_if=is_absent, description="Give it as `after` for the next page.")
