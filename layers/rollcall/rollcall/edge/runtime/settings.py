"""Settings of the functions. Only this module reads the environment. docs/reference/configuration.md lists them."""

import os
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rollcall.cloud.signature import AwsCredentials
from rollcall.domain.jobs.thresholds import Objectives, Threshold, Thresholds
from rollcall.domain.retention.lifetimes import Lifetimes
from rollcall.errors import ConfigurationInvalid


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Names = Annotated[frozenset[str], BeforeValidator(_split)]


class Settings(BaseModel):
    """A function's settings. Each field is read from the environment variable with its upper-case name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    service: str = "rollcall"
    environment: str = "local"
    aws_region: str = "us-east-1"
    aws_endpoint_url_secrets_manager: str | None = None
    aws_endpoint_url_ssm: str | None = None
    aws_endpoint_url_dynamodb: str | None = None
    aws_endpoint_url: str | None = None

    database_host: str = ""
    database_port: int = 5432
    database_name: str = "rollcall"
    database_sslmode: Literal["disable", "require"] = "require"
    database_secret_arn: str = ""
    database_admin_secret_arn: str = ""
    app_secret_arn: str = ""
    ops_secret_arn: str = ""
    reader_secret_arn: str = ""
    report_pass_secret_arn: str = ""
    database_latency_objective_ms: float = Field(100, gt=0)

    progress_batch_max_size: int = Field(100, ge=1, le=1000)
    progress_batch_max_bytes: int = Field(262_144, ge=1024, le=900_000)
    progress_rate_per_second: float = Field(5, gt=0)
    progress_rate_burst: int = Field(10, ge=1)
    progress_service_rate_per_second: float = Field(100, gt=0)
    progress_service_rate_burst: int = Field(200, ge=1)
    progress_attribute_keys: Names = frozenset(
        {
            "app_version",
            "attempt",
            "content_version",
            "device_class",
            "language",
            "platform",
            "score",
            "score_max",
        }
    )
    retention_days: int = Field(30, ge=1, le=3650)
    analytics_retention_days: int = Field(0, ge=0, le=3650)
    snapshot_days: int = Field(365, ge=1, le=3650)
    archive_retention_days: int = Field(90, ge=1, le=3650)
    partition_days_ahead: int = Field(7, ge=2, le=60)

    spool_queue_url: str = ""
    spool_dead_letter_queue_url: str = ""
    operations_queue_url: str = ""
    operations_dead_letter_queue_url: str = ""
    rollup_queue_url: str = ""
    rollup_dead_letter_queue_url: str = ""
    archive_bucket: str = ""
    snapshot_secret_arn: str = ""
    digest_topic_arn: str = ""
    warn_topic_arn: str = ""
    page_topic_arn: str = ""
    schedule_dead_letter_queue_url: str = ""

    page_from: date | None = None
    failure_rate_warn: float = Field(0.05, ge=0, lt=1)
    failure_rate_page: float = Field(0.10, ge=0, lt=1)
    queue_latency_warn_seconds: float = Field(30, gt=0)
    queue_latency_page_seconds: float = Field(60, gt=0)
    ingest_lag_page_seconds: float = Field(120, gt=0)
    queued_events_max_seconds: float = Field(900, gt=0)
    rollup_lag_warn_seconds: float = Field(180, gt=0)
    rollup_lag_page_seconds: float = Field(600, gt=0)

    analytics_batch_max_size: int = Field(500, ge=1, le=5000)
    analytics_batch_max_bytes: int = Field(524_288, ge=1024, le=5_000_000)
    analytics_rate_per_second: float = Field(5, gt=0)
    analytics_rate_burst: int = Field(10, ge=1)
    analytics_service_rate_per_second: float = Field(100, gt=0)
    analytics_service_rate_burst: int = Field(200, ge=1)
    analytics_queue_url: str = ""
    analytics_dead_letter_queue_url: str = ""
    pseudonym_secret_arn: str = ""
    policy_parameter_prefix: str = ""
    analytics_emit: Literal["on", "off"] = "on"
    flags_parameter: str = ""

    jwt_algorithms: Names = frozenset({"HS256"})
    jwt_secret_arn: str = ""
    jwt_jwks_url: str = ""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    jwt_leeway_seconds: int = Field(60, ge=0, le=300)

    socket_table: str = ""
    socket_url: str = ""
    socket_management_url: str = ""
    allowed_origins: Names = frozenset()
    push_queue_url: str = ""
    health_table: str = ""
    signal_queue_url: str = ""
    health_stream_interval_ms: int = Field(10_000, ge=1000, le=60_000)
    backlog_limit: int = Field(50, ge=1)
    oidc_authority: str = ""
    oidc_client_id: str = ""
    oidc_scope: str = "openid"
    oidc_audience: str = ""
    oidc_origins: Names = frozenset()

    trace_detail: bool = False

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read settings; an empty variable counts as absent. Raises ConfigurationInvalid."""
        given: dict[str, Any] = {
            name: environment[name.upper()] for name in cls.model_fields if environment.get(name.upper())
        }
        try:
            return cls.model_validate(given)
        except ValidationError as invalid:
            names = ", ".join(".".join(map(str, error["loc"])).upper() for error in invalid.errors())
            raise ConfigurationInvalid(f"Check these settings: {names}.") from None

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds above which the watchdog warns and pages."""
        return Thresholds(
            failure_rate=Threshold(self.failure_rate_warn, self.failure_rate_page),
            queue_latency_seconds=Threshold(self.queue_latency_warn_seconds, self.queue_latency_page_seconds),
            ingest_lag_seconds=Threshold(self.ingest_lag_page_seconds, self.ingest_lag_page_seconds),
            rollup_lag_seconds=Threshold(self.rollup_lag_warn_seconds, self.rollup_lag_page_seconds),
        )

    @property
    def objectives(self) -> Objectives:
        """The thresholds beyond which an objective (SLO) is violated: those at which a measure warns or pages."""
        return Objectives(
            progress_lag=self.ingest_lag_page_seconds,
            analytics_lag=self.ingest_lag_page_seconds,
            queued_events=self.queued_events_max_seconds,
            database_latency_p95=self.database_latency_objective_ms,
            spool_backlog=self.backlog_limit,
            rollup_lag=self.rollup_lag_warn_seconds,
            queue_latency_p95=self.queue_latency_warn_seconds,
            job_failure_rate=self.failure_rate_warn,
        )

    @property
    def retention(self) -> timedelta:
        """How long progress events are kept. Analytics events too, unless they have a setting of their own."""
        return timedelta(days=self.retention_days)

    @property
    def analytics_retention(self) -> timedelta:
        """How long analytics events are kept."""
        return timedelta(days=self.analytics_retention_days or self.retention_days)

    @property
    def lifetimes(self) -> Lifetimes:
        """How long archived objects and records of past work are kept."""
        longest = max(self.retention, self.analytics_retention)
        return Lifetimes(longest, timedelta(days=self.archive_retention_days))

    def need(self, name: str) -> str:
        """Return a text setting that this function requires; raises ConfigurationInvalid."""
        value = getattr(self, name)
        if not value:
            raise ConfigurationInvalid(f"{name.upper()} is not set.")
        return str(value)


@cache
def current() -> Settings:
    """Return this function's settings."""
    return Settings.read(os.environ)


def aws_credentials() -> AwsCredentials:
    """Return the runtime's current credentials: Lambda renews them in the environment variables."""
    return AwsCredentials(
        os.environ.get("AWS_ACCESS_KEY_ID", ""),
        os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
        os.environ.get("AWS_SESSION_TOKEN"),
    )


def trace_is_sampled() -> bool:
    """Return whether X-Ray keeps the trace of this invocation."""
    return "Sampled=1" in os.environ.get("_X_AMZN_TRACE_ID", "")
