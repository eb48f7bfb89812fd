"""Receipts: one answer for each event that a client sent."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.fields import is_absent, is_empty

Status = Literal["accepted", "duplicate", "conflict", "rejected", "spooled", "retry"]
EventKind = Literal["progress", "analytics"]
"""Which ledger an event is of: an id names one event of each kind at most."""


class EventReceipt(BaseModel):
    """What became of one event."""

    model_config = ConfigDict(frozen=True)

    event_id: UUID | None = Field(description="The event; null where its event_id could not be read.")
    status: Status = Field(description="What became of it.")
    reason: str | None = Field(None, exclude_if=is_absent, description="Why it was rejected.")
    pointer: str | None = Field(
        None, exclude_if=is_absent, description="Where in the request the reason is: a JSON pointer."
    )
    detail: str | None = Field(
        None, exclude_if=is_absent, description="The reason as a sentence: the limit, what to do, where to read on."
    )


class Counts(BaseModel):
    """How many events of a batch came to what."""

    model_config = ConfigDict(frozen=True)

    accepted: int = Field(0, description="Stored now, for the first time.")
    duplicate: int = Field(0, description="Stored before, with the same content.")
    conflict: int = Field(0, description="Stored before, with other content: the first one is kept.")
    rejected: int = Field(0, description="Not stored: see each reason.")
    spooled: int = Field(0, description="Taken durably, to be stored when the database is back.")
    retry: int = Field(0, description="Not taken: send it again.")


class BatchReceipt(BaseModel):
    """What became of a batch: counts, and a receipt per event in request order."""

    model_config = ConfigDict(frozen=True)

    counts: Counts
    results: list[EventReceipt]

    @classmethod
    def of(cls, results: Iterable[EventReceipt]) -> Self:
        """Return the receipt of a batch with these results."""
        receipts = list(results)
        tally: Counter[str] = Counter(receipt.status for receipt in receipts)
        return cls(counts=Counts(**tally), results=receipts)


@dataclass(frozen=True)
class QueuedEvents:
    """The events of one organisation that are about to be queued as one batch."""

    org_id: UUID
    batch_id: UUID
    event_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class Rejection:
    """An event that was not taken, and why."""

    org_id: UUID
    event_id: UUID
    reason: str


class EventState(BaseModel):
    """Where an event is now."""

    model_config = ConfigDict(frozen=True)

    event_id: UUID
    org_id: UUID
    state: Literal["stored", "queued", "dead_letter", "rejected"] = Field(description="The state.")
    kind: Literal["progress", "analytics", "unknown"] = Field(description="What kind of event, where that is known.")
    changed_at: datetime | None = Field(None, description="Since when: received, failed or rejected then.")
    reason: str | None = Field(None, exclude_if=is_absent, description="Why it was rejected, or could not be stored.")
    batch_id: UUID | None = Field(None, exclude_if=is_absent, description="The batch that it waits in.")
    dead_letter_id: UUID | None = Field(None, exclude_if=is_absent, description="The dead letter that it lies in.")


class EventLookup(EventState):
    """Where an event is now, and the one of the other kind that has the same id."""

    others: list[EventState] = Field(
        default_factory=list, exclude_if=is_empty, description="Where the event of the other kind is that has this id."
    )

    @classmethod
    def of(cls, states: Sequence[EventState]) -> Self:
        """Return the answer for these, of which there is at least one: the first is what comes first."""
        first, *others = states
        return cls(**first.model_dump(), others=others)
