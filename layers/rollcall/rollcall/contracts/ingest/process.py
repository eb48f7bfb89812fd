"""Process events: reports of an application's long work (an import, a migration)."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from rollcall.contracts.fields import is_absent
from rollcall.contracts.ingest.analytics import AnalyticsEvent
from rollcall.contracts.reports import CURSOR, FromDay, OrganisationQuery, ToDay
from rollcall.contracts.times import Timestamp

LIST_DEFAULT, LIST_MAX = 100, 1_000
AMOUNT_MAX = 1e9

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:+/-]{0,95}$")]
ProcessKind = Literal["started", "step_completed", "retry", "completed", "failed"]
Health = Literal["ok", "degraded", "failing", "no_data"]


class ProcessEvent(BaseModel):
    """One thing that happened in a run of a process."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    event_id: UUID = Field(description="Made by the client, once for each event: what makes it count once.")
    org_id: UUID = Field(description="The organisation: one that the token holds.")
    kind: ProcessKind = Field(description="What happened.")
    process: Token = Field(description="Which process: a name of yours, such as roster_import.")
    request_id: Token = Field(description="Which run of it.")
    trace_id: Token | None = Field(None, description="Where its traces are.")
    step: Token | None = Field(None, description="Which step of it.")
    duration_ms: float | None = Field(
        None, ge=0, le=AMOUNT_MAX, allow_inf_nan=False, description="How long the step took; of the last, the run."
    )
    cost_amount: float | None = Field(
        None, ge=0, le=AMOUNT_MAX, allow_inf_nan=False, description="What it cost, in `cost_currency`."
    )
    cost_currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = Field(None, description="As in ISO 4217.")
    occurred_at: Timestamp = Field(description="When it happened: RFC 3339 with an offset.")

    def as_analytics(self) -> AnalyticsEvent:
        """Return the analytics event that stands for it."""
        said = self.model_dump(exclude={"event_id", "org_id", "kind", "occurred_at"}, exclude_none=True)
        return AnalyticsEvent(
            event_id=self.event_id,
            org_id=self.org_id,
            name=f"process_{self.kind}",
            occurred_at=self.occurred_at,
            properties=said,
        )


EXAMPLE: JsonDict = {
    "event_id": "9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d",
    "org_id": "5d1f6a1c-5f0e-4c55-8a53-0f1c2b3d4e5f",
    "kind": "step_completed",
    "process": "roster_import",
    "request_id": "run-42",
    "step": "read_file",
    "duration_ms": 1250,
    "occurred_at": "2026-11-30T09:30:00Z",
}


class ProcessBatch(BaseModel):
    """Process events of any runs, in any order."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [{"events": [EXAMPLE]}]}
    )

    events: list[ProcessEvent] = Field(min_length=1, description="The events.")


class ProcessWindowQuery(OrganisationQuery):
    """Whose processes, over which days."""

    from_day: FromDay = None
    to_day: ToDay = None


class ProcessListQuery(ProcessWindowQuery):
    """Which process events to list."""

    limit: int = Field(LIST_DEFAULT, ge=1, le=LIST_MAX, description="The most entries to list.")
    cursor: str | None = Field(None, pattern=CURSOR, description="`next_cursor` of the page before.")


class StoredProcessEvent(BaseModel):
    """A stored, scrubbed process event. A missing member is null."""

    model_config = ConfigDict(frozen=True)

    event_id: UUID
    occurred_at: datetime
    kind: ProcessKind
    process: str | None
    request_id: str | None
    trace_id: str | None
    step: str | None
    duration_ms: float | None
    cost_amount: float | None
    cost_currency: str | None


class ProcessList(BaseModel):
    """Process events, newest first."""

    model_config = ConfigDict(frozen=True)

    org_id: UUID
    events: list[StoredProcessEvent]
    next_cursor: str | None = Field(None, exclude_if=is_absent, description="Give it as `cursor` for the next page.")


class ProcessCounts(BaseModel):
    """What runs of a process did."""

    model_config = ConfigDict(frozen=True)

    process: str
    started: int
    steps_completed: int
    retries: int
    completed: int
    failed: int


class ProcessSummary(ProcessCounts):
    """What runs of a process did over the window, and how well."""

    success_percent: float | None = Field(description="Completed, of those that ended; null where none did.")
    retry_rate: float | None = Field(description="Retries for each that started; null where none did.")
    duration_p50_ms: float | None = Field(description="Of completions and failures that reported a duration.")
    duration_p95_ms: float | None
    costs: dict[str, float] = Field(description="What they cost, by currency; XXX where none was named.")


class ProcessDay(ProcessCounts):
    """What runs of a process did on a day."""

    day: date


class ProcessRollup(BaseModel):
    """What processes did over a window, in all and by day."""

    model_config = ConfigDict(frozen=True, validate_by_name=True, serialize_by_alias=True)

    org_id: UUID
    from_day: Annotated[date, Field(alias="from", description="The first day of the window, in UTC.")]
    to_day: Annotated[date, Field(alias="to", description="The day that ends it, itself not included.")]
    processes: list[ProcessSummary]
    days: list[ProcessDay]


class ProcessHealth(BaseModel):
    """How processes have been over the last seven days."""

    model_config = ConfigDict(frozen=True, validate_by_name=True, serialize_by_alias=True)

    org_id: UUID
    status: Health = Field(
        description="failing: more than 10 % of the runs that ended had failed. degraded: more than 5 %, or more than "
        "one retry for five that started. no_data: nothing started or ended."
    )
    reasons: list[str] = Field(description="The reasons for a status other than ok.")
    from_day: Annotated[date, Field(alias="from", description="The first of the days, in UTC.")]
    to_day: Annotated[date, Field(alias="to", description="The day that ends them, itself not included.")]
    started: int
    completed: int
    failed: int
    retries: int
    unfinished: int = Field(description="Runs that began more than an hour ago and have not reported an end.")
    success_percent: float | None
    retry_rate: float | None
    duration_p95_ms: float | None
