"""Health as it is measured, stored, shown and pushed. Numbers only, never rows.

A few members keep the names that clients of earlier systems know, in camel case.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.health.advice import Advice
from rollcall.contracts.jobs.job import QueueDepth
from rollcall.contracts.times import WindowTime

HealthStatus = Literal["ok", "degraded", "down"]
"""ok: all is well. degraded: it works, and a person should look. down: the database is away; batches are spooled."""


class Slo(BaseModel):
    """One service level objective, as it stands."""

    model_config = ConfigDict(frozen=True)

    value: float | None = Field(description="The measured value; null without a measurement, which violates nothing.")
    threshold: float = Field(description="A value beyond the threshold violates the SLO.")
    unit: Literal["ms", "seconds", "ratio", "count"]
    is_violated: bool


class DatabaseHealth(BaseModel):
    """How the database does."""

    model_config = ConfigDict(frozen=True)

    is_reachable: bool
    latency_p50_ms: float | None = Field(None, description="Of the latest probes.")
    latency_p95_ms: float | None = Field(None, description="Of the latest probes.")
    connection_count: int | None = Field(None, description="Open connections of all roles.")
    connection_limit: int | None = Field(None, description="How many the server takes.")


class QueueHealth(BaseModel):
    """A queue: how much is on it, for how long, and what failed for good."""

    model_config = ConfigDict(frozen=True)

    depth: QueueDepth | None = Field(description="Null when the queue could not be asked.")
    oldest_age_seconds: float | None = Field(None, description="Age of the oldest message; null if it is unknown.")
    dead_letter_count: int | None = Field(None, description="Open dead letters; null while the database is away.")


class OfflineQueue(BaseModel):
    """What waits for the database."""

    model_config = ConfigDict(frozen=True)

    backlog: int | None = Field(description="Spooled batches that are not stored yet; null if the count is unknown.")
    pendingAssignments: int | None = Field(  # noqa: N815 - the name that clients know
        description="Assignments that were ordered and are not made yet; null while the database is away."
    )


class JobHealth(BaseModel):
    """A job, in one word."""

    model_config = ConfigDict(frozen=True)

    status: str
    last_started_at: datetime | None
    next_expected_at: datetime | None


class OrgEnforcement(BaseModel):
    """Whether the database keeps organisations apart: each table with rows of theirs has row-level security, forced."""

    model_config = ConfigDict(frozen=True)

    is_enforced: bool
    table_count: int = Field(description="Tables with rows of organisations.")
    gaps: list[str] = Field(description="Tables that lack it, and roles that go round it; none when all is well.")


class DrillHealth(BaseModel):
    """How the last retention run and the last restore drill ended."""

    model_config = ConfigDict(frozen=True)

    status: str = Field(description="succeeded, failed, running, missed or waiting.")
    ended_at: datetime | None


class RegionHealth(BaseModel):
    """A region that this deployment runs in."""

    model_config = ConfigDict(frozen=True)

    status: HealthStatus
    measured_at: datetime


class OrganisationHealth(BaseModel):
    """How one organisation's events do. Counts are of the last five minutes."""

    model_config = ConfigDict(frozen=True)

    org_id: UUID
    lag_ms: float | None = Field(description="How long its oldest queued batch waits; null when none does.")
    received_count: int = Field(description="Events in batches that were stored.")
    rejected_counts: dict[str, int] = Field(description="Rejected events, by reason.")
    rate_limited_count: int = Field(description="Batches refused because of the rate.")
    dead_letter_count: int = Field(description="Open dead letters.")


class PublicHealth(BaseModel):
    """What anybody may know."""

    model_config = ConfigDict(frozen=True)

    status: HealthStatus


class Health(BaseModel):
    """One snapshot of the whole deployment."""

    model_config = ConfigDict(frozen=True)

    status: HealthStatus
    reasons: list[str] = Field(
        description="Codes of the reasons for a status other than ok, among them the names of violated SLOs."
    )
    since: datetime = Field(description="When it took this status.")
    sequence: int = Field(description="Grows by one with each change.")
    measured_at: datetime
    version: str
    environment: str
    region: str
    regions: dict[str, RegionHealth] = Field(description="By name.")
    slos: dict[str, Slo] = Field(description="By name.")
    database: DatabaseHealth
    progressBatchLagMs: float | None = Field(  # noqa: N815 - the name that clients know
        description="Estimated wait of spooled progress batches; 0 when none waits."
    )
    analyticsIngestLagMs: float | None = Field(  # noqa: N815 - the name that clients know
        description="How long the oldest queued analytics batch waits; 0 when none does."
    )
    offlineQueue: OfflineQueue  # noqa: N815 - the name that clients know
    queues: dict[str, QueueHealth] = Field(description="By name.")
    rollup_lag_seconds: float | None
    retention: DrillHealth | None
    restore_drill: DrillHealth | None
    jobs: dict[str, JobHealth] = Field(description="By name.")
    orgEnforcement: OrgEnforcement | None = Field(  # noqa: N815 - the name that clients know
        description="Null while the database is away."
    )
    flags: dict[str, str] = Field(description="Switches that are on or off, by name.")
    advice: Advice


class HealthTransition(BaseModel):
    """A change of status."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    status: HealthStatus
    previous: HealthStatus
    reasons: list[str]
    sequence: int


class HealthTransitions(BaseModel):
    """The latest changes of status, newest first."""

    model_config = ConfigDict(frozen=True)

    transitions: list[HealthTransition]


class HealthMemory(BaseModel):
    """What a measurement remembers of earlier ones. No route shows it."""

    model_config = ConfigDict(frozen=True)

    violated_since: datetime | None = Field(None, description="Since when two SLOs or more are violated.")
    calm_since: datetime | None = Field(None, description="Since when fewer are, while it is degraded.")
    spooled_since: datetime | None = Field(
        None, description="No spooled batch that was seen waiting came before; null: the spool is empty."
    )
    spool_empty_at: datetime | None = Field(None, description="When the spool was last seen empty; null: never.")
    pressed_since: datetime | None = Field(
        None, description="When the latest pause for a backlog began; null: there was none, or little to load since."
    )
    latencies_ms: tuple[float, ...] = Field((), description="Of the latest probes of the database, newest last.")
    transition: HealthTransition | None = Field(None, description="The latest one.")


class HealthState(BaseModel):
    """Stored health, for the routes that show it: of the deployment, and of the watched organisations."""

    model_config = ConfigDict(frozen=True)

    version: int = Field(description="Grows by one with each write; health.sequence with each change.")
    health: Health
    organisations: dict[UUID, OrganisationHealth] = Field(default_factory=dict)
    state: HealthMemory = HealthMemory()


class StoredHealth(BaseModel):
    """The stored record. `published` is null if there is none, or if this release cannot read it."""

    model_config = ConfigDict(frozen=True)

    version: int = 0
    published: HealthState | None = None


class CallerHealth(PublicHealth):
    """What the bearer of any token may know."""

    advice: Advice


class AdministratorHealth(Health):
    """What administrators may know: the deployment, and how the organisations of their token do."""

    organisations: dict[UUID, OrganisationHealth] = Field(
        description="Those of the token, by id; none while the database is away."
    )


class TransitionQuery(BaseModel):
    """Which changes of status are asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int = Field(20, ge=1, le=100, description="The most changes to list.")
    before: WindowTime | None = Field(None, description="Only changes before this moment.")


class Sample(BaseModel):
    """One value of a metric."""

    model_config = ConfigDict(frozen=True)

    labels: dict[str, str]
    value: float


class Metric(BaseModel):
    """Numbers of one name."""

    model_config = ConfigDict(frozen=True)

    name: str
    help: str
    samples: list[Sample]


class Diagnostics(BaseModel):
    """Every number of a snapshot: gauges, in base units (seconds, not milliseconds)."""

    model_config = ConfigDict(frozen=True)

    measured_at: datetime
    metrics: list[Metric]
