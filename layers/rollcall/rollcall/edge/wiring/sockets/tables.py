"""Builds the parts that sockets and health share: their tables and subscriptions."""

from datetime import timedelta
from functools import cache

from rollcall.cloud.health_table import HealthTable
from rollcall.cloud.socket_table import Connections, Tickets
from rollcall.cloud.sockets import Sockets
from rollcall.cloud.table import Table
from rollcall.domain.health.status import stale_after
from rollcall.edge.runtime import clock, settings
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.flows.sockets.subscribe import Subscribe


@cache
def socket_table() -> Table:
    """Return the table of tickets and connections."""
    return _table(settings.current().need("socket_table"))


@cache
def health_table() -> Table:
    """Return the table of health and its transitions."""
    return _table(settings.current().need("health_table"))


def _table(name: str) -> Table:
    current = settings.current()
    endpoint = current.aws_endpoint_url_dynamodb or current.aws_endpoint_url
    return Table(name, current.aws_region, endpoint, settings.aws_credentials)


@cache
def health() -> HealthTable:
    """Return the stored health state."""
    return HealthTable(health_table())


@cache
def tickets() -> Tickets:
    """Return the issuer of tickets, which also checks them."""
    return Tickets(socket_table(), settings.current().allowed_origins, clock.now)


@cache
def connections() -> Connections:
    """Return the table of open sockets."""
    return Connections(socket_table(), clock.now)


@cache
def sockets() -> Sockets:
    """Return the sender of messages to sockets."""
    current = settings.current()
    return Sockets(current.need("socket_management_url"), current.aws_region, settings.aws_credentials)


def health_interval() -> timedelta:
    """Return the time between two measurements of health."""
    return timedelta(milliseconds=settings.current().health_stream_interval_ms)


@cache
def subscribe() -> Subscribe:
    """Return the flow that subscribes sockets to health."""
    calm, stale = wiring_ingest.advice_limits().default, stale_after(health_interval())
    return Subscribe(connections(), health(), calm, stale, clock.now)
