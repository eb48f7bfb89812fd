"""Builds the parts that answer reports, and that refresh their statistics."""

from functools import cache

from rollcall.edge.runtime import clock
from rollcall.edge.wiring import environment
from rollcall.flows.reports import RefreshReports
from rollcall.store.connection import Database
from rollcall.store.reports import RefreshStore, ReportStore
from rollcall.store.rollups.processes import ProcessStore

REFRESH_TIMEOUT_SECONDS = 120  # a hundred times what an organisation with ten million events needs


def report_store(report_pass: str) -> ReportStore:
    """Return the store that reads reports of the organisations in a report pass."""
    return ReportStore(_reader(), report_pass)


@cache
def _reader() -> Database:
    return environment.database()


@cache
def process_store() -> ProcessStore:
    """Return the store that reads processes."""
    return ProcessStore(environment.database())


@cache
def refresh_reports() -> RefreshReports:
    """Return the flow that refreshes report statistics."""
    return RefreshReports(RefreshStore(environment.database(REFRESH_TIMEOUT_SECONDS)), clock.now)
