"""Closes a route while more batches are spooled than the limit allows."""

from rollcall.edge.wiring.operations import requests as wiring_operations


def check_backlog() -> None:
    """Raise BacklogExceeded above BACKLOG_LIMIT, and QueueUnavailable when the spool queue cannot be counted."""
    wiring_operations.backlog_gate().check()
