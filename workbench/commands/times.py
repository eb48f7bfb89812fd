"""Reads times as people write them on the command line."""

from rollcall.contracts.times import read_foreign_time

from workbench.errors import WorkbenchError


def read_moment(text: str) -> str:
    """Return a day or a time as RFC 3339, in UTC if it has no offset. Raises WorkbenchError for any other text."""
    try:
        moment = read_foreign_time(text)
    except ValueError:
        moment = None
    if moment is None:
        raise WorkbenchError(f"{text} is neither a day (2026-03-01) nor a time (2026-03-01T12:00:00Z).")
    return moment.isoformat()
