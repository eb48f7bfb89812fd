"""Builds the parts that any function may need: secrets, parameters, queues, database."""

import json
import time
from functools import cache

from rollcall.cloud.parameters import Parameters
from rollcall.cloud.queues import Queues
from rollcall.cloud.secrets import Secrets
from rollcall.domain.keyring import Keyring
from rollcall.edge.runtime import clock, observe, settings
from rollcall.edge.wiring.signalling_database import SignallingDatabase
from rollcall.errors import KeysUnavailable, SecretUnavailable, StoreUnavailable
from rollcall.flows.health.signal import Signals
from rollcall.store.connection import ANSWER_TIMEOUT_SECONDS, Database, DatabaseAddress

SIGNAL_TIMEOUT_SECONDS = 1
KEYRING_SECONDS = 300  # how long a rotated pseudonym key may go unnoticed


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
    """Return the sender of signals to health_monitor: the database went away, or came back."""
    return Signals(settings.current().service, _signal, _report_signal, clock.now, time.monotonic)


def _signal(message: str) -> object:
    return _hurried_queues().send(settings.current().need("signal_queue_url"), message)


@cache
def _hurried_queues() -> Queues:
    # Short timeouts: the function still has to spool a batch before its client gives up.
    return Queues(SIGNAL_TIMEOUT_SECONDS, SIGNAL_TIMEOUT_SECONDS, tries=1)


def _report_signal(code: str) -> None:
    observe.logger().error("not signalled", extra={"code": code})


def _database_credentials() -> tuple[str, str]:
    # Read when a connection opens, so that the next connection uses a rotated password.
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


def keyring() -> Keyring:
    """Return the keyring for pseudonyms and UUIDs of learners; raises KeysUnavailable."""
    return Keyring.read(keyring_text())


def keyring_text() -> str:
    """Return the keyring as the text of its secret; raises KeysUnavailable."""
    try:
        return secrets().read(settings.current().need("pseudonym_secret_arn"), KEYRING_SECONDS)
    except SecretUnavailable as fault:
        raise KeysUnavailable from fault
