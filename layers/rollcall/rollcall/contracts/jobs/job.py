"""Jobs as they are measured, and shown to administrators. Numbers of the whole deployment, never anybody's rows."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.jobs.alert import Alert

RUNS_DEFAULT, RUNS_MAX = 20, 100

RunStatus = Literal["running", "succeeded", "failed"]
JobStatus = Literal["ok", "running", "failed", "missed", "waiting"]


class JobMeasure(BaseModel):
    """What the watchdog judges a job by."""

    model_config = ConfigDict(frozen=True)

    job: str
    watched_since: datetime
    last_started_at: datetime | None
    ended_count: int = Field(description="Runs that ended within the last hour.")
    failed_count: int = Field(description="Those of them that failed.")
    failed_in_a_row: int = Field(description="Runs that failed since the last one that succeeded.")


class QueueMeasure(BaseModel):
    """How long batches take through queues, over all organisations."""

    model_config = ConfigDict(frozen=True)

    latency_p95_seconds: float | None = Field(description="From receipt to storing; null when nothing was stored.")
    stored_count: int = Field(description="Batches that this is of.")
    oldest_waits_seconds: float | None = Field(description="The oldest announced batch; null when none waits.")


class QueueWaits(BaseModel):
    """What the database knows of the ages of messages, over all organisations. Null where nothing is."""

    model_config = ConfigDict(frozen=True)

    spool_received_at: datetime | None = Field(description="When the youngest batch came that was loaded lately.")
    spool_latency_seconds: float | None = Field(description="From receipt to loading, at most, of those loaded lately.")
    operations_seconds: float | None = Field(description="How long the oldest operation waits that has not begun.")
    rollup_seconds: float | None = Field(description="How long ago the oldest live ticket was given, or renewed.")


class OverdueRun(BaseModel):
    """A run that the watchdog gave up."""

    model_config = ConfigDict(frozen=True)

    job: str
    run_id: UUID
    started_at: datetime


class JobRun(BaseModel):
    """One run of a job."""

    model_config = ConfigDict(frozen=True)

    run_id: UUID
    idempotency_key: str | None = Field(None, description="What it was for; null once it was forgotten.")
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None
    items: int
    retries: int = Field(description="How often it was begun again after it had failed.")
    error_code: str | None = Field(description="Why it failed.")


class JobRuns(BaseModel):
    """The latest runs of a job, newest first."""

    model_config = ConfigDict(frozen=True)

    job: str
    runs: list[JobRun]


class JobReport(BaseModel):
    """How a job went: its last run, and those that began within the window."""

    model_config = ConfigDict(frozen=True)

    job: str
    watched_since: datetime | None = Field(description="When the watchdog saw it first.")
    last_run: JobRun | None
    run_count: int
    succeeded_count: int
    failed_count: int
    items: int
    retries: int
    duration_p50_ms: float | None = Field(description="Of runs that succeeded; null without any.")
    duration_p95_ms: float | None = Field(description="Of runs that succeeded; null without any.")


class JobOverview(JobReport):
    """A job: what it should do, and how it went."""

    schedule: str = Field(description="EventBridge's expression.")
    period_seconds: int = Field(description="The longest time between two runs.")
    expected_seconds: int = Field(description="A run that takes three times as long is given up.")
    status: JobStatus = Field(
        description="ok, running or failed: its last run; missed: it should have run and did not; waiting: for its "
        "first run."
    )
    next_expected_at: datetime | None = Field(
        description="The next expected start; null before the watchdog knows the job."
    )
    failure_rate: float = Field(description="Failed runs of those that ended, from 0 to 1.")


class QueueDepth(BaseModel):
    """The number of messages on a queue. SQS counts approximately."""

    model_config = ConfigDict(frozen=True)

    waiting_count: int
    in_flight_count: int
    delayed_count: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on it, in whatever state."""
        return self.waiting_count + self.in_flight_count + self.delayed_count == 0

    def __add__(self, other: Self) -> Self:
        """Return the depth of both queues together."""
        return type(self)(
            waiting_count=self.waiting_count + other.waiting_count,
            in_flight_count=self.in_flight_count + other.in_flight_count,
            delayed_count=self.delayed_count + other.delayed_count,
        )


class Backlog(BaseModel):
    """A queue and its depth."""

    model_config = ConfigDict(frozen=True)

    queue: str
    depth: QueueDepth | None = Field(description="Null when the queue could not be asked.")


class OpenDeadLetters(BaseModel):
    """How many dead letters of a queue wait for a decision."""

    model_config = ConfigDict(frozen=True)

    queue: str
    open_count: int


class JobsOverview(BaseModel):
    """Every job, the queues, the dead letters and the alerts of a deployment."""

    model_config = ConfigDict(frozen=True)

    window_seconds: int = Field(description="Counts and durations are of runs that began within it.")
    jobs: list[JobOverview]
    run_count: int
    failed_count: int
    failure_rate: float
    backlog: list[Backlog]
    queues: QueueMeasure
    rollup_lag_seconds: float | None = Field(description="How far rollups are behind; null when they are not.")
    dead_letters: list[OpenDeadLetters]
    alerts: list[Alert]
    pages_from: datetime | None = Field(description="Until then pages go out as warnings; null: they go out.")


class FailedRuns(BaseModel):
    """How many runs of a job failed for a reason since the last digest."""

    model_config = ConfigDict(frozen=True)

    job: str
    error_code: str
    failed_count: int
    since: datetime = Field(description="The hour of the first of them.")
