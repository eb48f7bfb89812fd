"""Redriving and discarding dead letters: what is asked for, and what came of it."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rollcall.contracts.dead_letter import Cause, QueueName, State
from rollcall.contracts.operation import RatePerSecond, Reason
from rollcall.contracts.receipt import is_absent

SELECTED_MAX = 300  # what an operation's parameters hold


class Selection(BaseModel):
    """Which dead letters: some by their ids, those of a cause, or all. A cause and all mean the open ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dead_letter_ids: list[UUID] | None = Field(None, min_length=1, max_length=SELECTED_MAX)
    cause: Cause | None = None
    all: Literal[True] | None = None
    queue: QueueName | None = Field(None, description="Of this queue alone.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(part is not None for part in (self.dead_letter_ids, self.cause, self.all)) != 1:
            raise ValueError("name dead_letter_ids, a cause, or all: one of them")
        return self


class DiscardOrder(BaseModel):
    """What is to be given up, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID
    selection: Selection
    reason: Reason
    dry_run: bool = Field(False, description="Count what it would be, and change nothing.")


class Discarding(BaseModel):
    """What was given up."""

    model_config = ConfigDict(frozen=True)

    dry_run: bool
    discarded: int = Field(description="Dead letters given up, or that would be.")
    remaining: int = Field(description="Dead letters of the selection that are still open: ask again.")


class RedriveOrder(BaseModel):
    """What is to be put back on its queue, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID
    selection: Selection
    reason: Reason
    dry_run: bool = Field(False, description="Read and scrub what it would send, and send nothing.")
    rate_per_second: RatePerSecond = Field(50, description="Messages a second at most.")


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
