"""Resets the database between rounds, so that every contender starts from the same state."""

from workbench.bench.database import BenchDatabase
from workbench.errors import WorkbenchError

PROJECTIONS = ("lesson_progress", "course_progress")


def forget_events(database: BenchDatabase, *extra_tables: str, schema: str = "rollcall") -> None:
    """Empty the event tables, and vacuum the projections, which keep the learners' earlier progress."""
    tables = ("rollcall.progress_events", "rollcall.progress_identities", "rollcall.batch_audit", *extra_tables)
    database.run(
        f"truncate {', '.join(tables)}",
        *(f"vacuum analyze {schema}.{name}" for name in PROJECTIONS),
        "checkpoint",
    )


def check_stored(database: BenchDatabase, table: str, expected: int) -> None:
    """Raise unless the table holds every acknowledged event: a figure needs its rows."""
    stored = database.ask(f"select count(*) from {table}")  # noqa: S608 - a name of ours
    if stored != expected:
        raise WorkbenchError(f"{table} holds {stored} rows; {expected} were acknowledged.")
