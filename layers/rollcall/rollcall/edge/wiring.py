"""Builds each function's parts once for its execution environment: the only place that constructs IO."""

import json
import time
from datetime import UTC, datetime
from functools import cache

from rollcall.cloud.parameters import Parameters
from rollcall.cloud.queues import Queues
from rollcall.cloud.secrets import Secrets
from rollcall.domain.attributes import AttributeRule
from rollcall.domain.backpressure import AdviceLimits, LatencyGauge, WaterMarks
from rollcall.domain.keyring import Keyring
from rollcall.domain.rate import RateLimit
from rollcall.edge import observe, settings
from rollcall.edge.signalling import SignallingDatabase
from rollcall.errors import KeysUnavailable, SecretUnavailable, StoreUnavailable
from rollcall.flows.catalogues import Catalogues
from rollcall.flows.ingest import Ingest, IngestRules
from rollcall.flows.name_learners import NameLearners
from rollcall.flows.signal import Signals
from rollcall.store.analytics import AnalyticsStore
from rollcall.store.burials import BurialStore
from rollcall.store.catalogues import CatalogueStore
from rollcall.store.connection import ANSWER_TIMEOUT_SECONDS, Database, DatabaseAddress
from rollcall.store.learner_keys import LearnerKeyStore
from rollcall.store.partitions import PartitionStore
from rollcall.store.progress import ProgressStore
from rollcall.store.receipts import ReceiptStore
from rollcall.store.write_keys import WriteKeyStore

PARTITION_TIMEOUT_SECONDS = 50  # moving rows out of the default partition may take its time
SIGNAL_TIMEOUT_SECONDS = 1
KEYRING_SECONDS = 300  # how long a rotated pseudonym key may go unnoticed


def now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)


@cache
def secrets() -> Secrets:
    """Return the secrets store."""
    current = settings.current()
    endpoint = current.aws_endpoint_url_secrets_manager or current.aws_endpoint_url
    return Secrets(current.aws_region, endpoint, settings.aws_credentials)


@cache
def parameters() -> Parameters:
    """Return the parameter store."""
    current = settings.current()
    endpoint = current.aws_endpoint_url_ssm or current.aws_endpoint_url
    return Parameters(current.aws_region, endpoint, settings.aws_credentials)


@cache
def queues() -> Queues:
    """Return the queues."""
    return Queues()


@cache
def signals() -> Signals:
    """Return what tells watch that the database went or came back."""
    return Signals(settings.current().service, _signal, _report_signal, now, time.monotonic)


def _signal(message: str) -> object:
    return _hurried_queues().send(settings.current().need("signal_queue_url"), message)


@cache
def _hurried_queues() -> Queues:
    # Whoever signals has a batch to spool yet, before its client gives up.
    return Queues(SIGNAL_TIMEOUT_SECONDS, SIGNAL_TIMEOUT_SECONDS, tries=1)


def _report_signal(code: str) -> None:
    observe.logger().error("not signalled", extra={"code": code})


def _database_credentials() -> tuple[str, str]:
    # Read at each opening, so that a rotated password is picked up by the next connection.
    try:
        secret = json.loads(secrets().read(settings.current().need("database_secret_arn")))
    except SecretUnavailable as fault:
        raise StoreUnavailable from fault
    return secret["username"], secret["password"]


@cache
def database(
    answer_timeout_seconds: float = ANSWER_TIMEOUT_SECONDS, statement_timeout_seconds: float | None = None
) -> Database:
    """Return the database, as the role in this function's secret."""
    current = settings.current()
    address = DatabaseAddress(
        host=current.need("database_host"),
        port=current.database_port,
        name=current.database_name,
        sslmode=current.database_sslmode,
        credentials=_database_credentials,
    )
    if current.signal_queue_url:
        return SignallingDatabase(address, answer_timeout_seconds, signals())
    return Database(address, answer_timeout_seconds, statement_timeout_seconds)


@cache
def progress_store() -> ProgressStore:
    """Return the progress store."""
    return ProgressStore(database())


@cache
def receipt_store() -> ReceiptStore:
    """Return the receipt store."""
    return ReceiptStore(database())


@cache
def analytics_store() -> AnalyticsStore:
    """Return the analytics store."""
    return AnalyticsStore(database())


@cache
def burial_store() -> BurialStore:
    """Return the ledger of dead letters, as queues' consumers write it."""
    return BurialStore(database())


@cache
def catalogue_store() -> CatalogueStore:
    """Return the store of course catalogues."""
    return CatalogueStore(database())


@cache
def catalogues() -> Catalogues:
    """Return organisations' course catalogues."""
    return Catalogues(catalogue_store().read_catalogue, time.monotonic)


@cache
def write_key_store() -> WriteKeyStore:
    """Return the store of write keys."""
    return WriteKeyStore(database())


@cache
def partition_store() -> PartitionStore:
    """Return the partition store."""
    return PartitionStore(database(PARTITION_TIMEOUT_SECONDS))


@cache
def advice_limits() -> AdviceLimits:
    """Return from where on clients are slowed down, and how far."""
    current = settings.current()
    latency_ms, lag_ms = current.database_latency_objective_ms, 1000 * current.queue_latency_warn_seconds
    return AdviceLimits(
        latency_ms=WaterMarks(latency_ms / 2, latency_ms),
        backlog=WaterMarks(current.backlog_limit / 10, current.backlog_limit),
        ingest_lag_ms=WaterMarks(lag_ms / 6, lag_ms),
        batch_size_max=current.progress_batch_max_size,
    )


@cache
def gauge() -> LatencyGauge:
    """Return the gauge of this environment's database latency."""
    return LatencyGauge(settings.current().database_latency_objective_ms, advice_limits())


@cache
def ingest(role: str) -> Ingest:
    """Return the ingest flow, with the limits of a caller of this role."""
    current = settings.current()
    limit = (
        RateLimit(current.progress_service_rate_per_second, current.progress_service_rate_burst)
        if role == "service"
        else RateLimit(current.progress_rate_per_second, current.progress_rate_burst)
    )
    rules = IngestRules(
        events_max=current.progress_batch_max_size,
        retention=current.retention,
        attributes=AttributeRule(current.progress_attribute_keys),
        limit=limit,
    )
    return Ingest(
        progress_store(),
        receipt_store(),
        _spool,
        learners(),
        rules,
        gauge(),
        now,
        time.perf_counter,
        catalogues().known_of,
    )


@cache
def learners() -> NameLearners:
    """Return what makes UUIDs of organisations' own learner ids."""
    return NameLearners(keyring, LearnerKeyStore(database()))


def keyring() -> Keyring:
    """Return the keys that pseudonyms and UUIDs of learners are made with; raises KeysUnavailable."""
    return Keyring.read(keyring_text())


def keyring_text() -> str:
    """Return those keys as their secret has them; raises KeysUnavailable."""
    try:
        return secrets().read(settings.current().need("pseudonym_secret_arn"), KEYRING_SECONDS)
    except SecretUnavailable as fault:
        raise KeysUnavailable from fault


def _spool(message: str) -> object:
    return queues().send(settings.current().need("spool_queue_url"), message)
