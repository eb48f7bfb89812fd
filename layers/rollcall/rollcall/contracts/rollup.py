"""Rollups: the message that sends a worker to an organisation, and what came of a chunk."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Source = Literal["progress", "analytics"]
SOURCES: tuple[Source, ...] = ("progress", "analytics")
Outcome = Literal["folded", "busy", "superseded", "foreign"]


class RollupMessage(BaseModel):
    """One message for each organisation that has something to fold. Its ticket makes it the only one that counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    org_id: UUID
    ticket_id: UUID


class Folded(BaseModel):
    """What came of a chunk: how many events were folded, or why none was."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    event_count: int


class Rebuilt(BaseModel):
    """What a day was computed again from: how many events of each source; None where its rollups are frozen."""

    model_config = ConfigDict(frozen=True)

    day: date
    progress: int | None
    analytics: int | None
