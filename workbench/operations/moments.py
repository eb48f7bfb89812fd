"""Reads times as people write them on the command line."""

from datetime import UTC, datetime

from workbench.errors import WorkbenchError


def read_moment(text: str) -> str:
    """Return a day, or a time, as RFC 3339; in UTC unless it says. Raises WorkbenchError for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WorkbenchError(f"{text} is neither a day (2026-03-01) nor a time (2026-03-01T12:00:00Z).") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
