"""Builds the parts of the functions that answer reports, and that keep their statistics."""

from functools import cache

from rollcall.edge import wiring
from rollcall.flows.refresh_reports import RefreshReports
from rollcall.store.connection import Database
from rollcall.store.processes import ProcessStore
from rollcall.store.reports import RefreshStore, ReportStore

REFRESH_TIMEOUT_SECONDS = 120  # a hundred times what an organisation with ten million events takes


def report_store(report_pass: str) -> ReportStore:
    """Return what reads the reports of a pass's organisations."""
    return ReportStore(_reader(), report_pass)


@cache
def _reader() -> Database:
    return wiring.database()


@cache
def process_store() -> ProcessStore:
    """Return what reads processes."""
    return ProcessStore(wiring.database())


@cache
def refresh_reports() -> RefreshReports:
    """Return the flow that keeps report statistics fresh."""
    return RefreshReports(RefreshStore(wiring.database(REFRESH_TIMEOUT_SECONDS)), wiring.now)
