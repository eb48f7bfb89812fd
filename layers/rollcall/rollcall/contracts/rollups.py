"""Rollups: the message that sends a worker to an organisation, what came of a chunk, and rebuilds over HTTP."""

from datetime import date
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rollcall.contracts.identifiers import Identifier
from rollcall.contracts.operations import OperationView, RatePerSecond
from rollcall.contracts.times import Day

Source = Literal["progress", "analytics"]
SOURCES: tuple[Source, ...] = ("progress", "analytics")
Outcome = Literal["folded", "busy", "superseded", "foreign"]


class RollupMessage(BaseModel):
    """One message for each organisation that has something to fold. Its token makes it the only one that counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    org_id: UUID
    ticket_id: UUID


class FoldResult(BaseModel):
    """What came of a chunk: how many events were folded, or why none was."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    event_count: int


class RebuildResult(BaseModel):
    """What a day was computed again from: how many events of each source; None where its rollups are frozen."""

    model_config = ConfigDict(frozen=True)

    day: date
    progress: int | None
    analytics: int | None


class RebuildRequest(BaseModel):
    """Which days of an organisation's rollups to compute again from its events: all, or a window of them."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    org_id: UUID = Field(description="The organisation.")
    first_day: Day | None = Field(None, description="The first day, in UTC; when absent, the first there is.")
    last_day: Day | None = Field(None, description="The last day, in UTC; when absent, the last there is.")
    dry_run: bool = Field(False, description="Only count the days.")
    rate: RatePerSecond | None = Field(None, description="Days a second at most.")
    reason: Identifier | None = Field(None, description="Why. No names of people.")

    @model_validator(mode="after")
    def _check_days(self) -> Self:
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError("The last day does not come before the first")
        return self

    def parameters(self) -> dict[str, str]:
        """Return the operation's parameters."""
        days = {"first_day": self.first_day, "last_day": self.last_day}
        return {name: day.isoformat() for name, day in days.items() if day}


class RebuildQuery(BaseModel):
    """Whose rebuilds to list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID = Field(description="The organisation.")
    limit: int = Field(20, ge=1, le=100, description="The most entries to list.")


class RebuildList(BaseModel):
    """The latest rebuilds of an organisation, newest first."""

    model_config = ConfigDict(frozen=True)

    rebuilds: list[OperationView]
