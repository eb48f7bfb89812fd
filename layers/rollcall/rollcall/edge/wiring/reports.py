"""Builds the parts of the functions that answer reports, and that keep their statistics."""

from functools import cache

from rollcall.edge.runtime import clock
from rollcall.edge.wiring import environment
from rollcall.flows.reports import RefreshReports
from rollcall.store.connection import Database
from rollcall.store.reports import RefreshStore, ReportStore
from rollcall.store.rollups.processes import ProcessStore

REFRESH_TIMEOUT_SECONDS = 120  # a hundred times what an organisation with ten million events takes


def report_store(report_pass: str) -> ReportStore:
    """Return what reads the reports of a pass's organisations."""
    return ReportStore(_reader(), report_pass)


@cache
def _reader() -> Database:
    return environment.database()


@cache
def process_store() -> ProcessStore:
    """Return what reads processes."""
    return ProcessStore(environment.database())


@cache
def refresh_reports() -> RefreshReports:
    """Return the flow that keeps report statistics fresh."""
    return RefreshReports(RefreshStore(environment.database(REFRESH_TIMEOUT_SECONDS)), clock.now)
