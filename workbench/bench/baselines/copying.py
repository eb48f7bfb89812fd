"""COPY of the same rows into the same table: the upper limit for storing rows in PostgreSQL."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from workbench.bench.loops import sleep_until
from workbench.bench.worker_processes import Turns

BLOCK_BYTES = 1 << 17
COPY = b"""
copy rollcall.progress_events (
    org_id, user_id, occurred_at, event_id, received_at, assigned_by, kind, time_spent_seconds, percent, course_id,
    lesson_id, attributes
) from stdin
"""

ANALYTICS_COPY = b"""
copy rollcall.analytics_events (
    org_id, occurred_at, event_id, received_at, name, user_pseudonym, session_pseudonym, key_id, properties,
    policy_version, remarks
) from stdin
"""


@dataclass(frozen=True)
class CopyRows:
    """Copy one file's rows in one transaction, as the administrator: COPY takes no rows under row-level security."""

    conninfo: str
    path: Path
    statement: bytes = COPY

    def prepare(self, _turns: Turns) -> Callable[[float], float]:
        """Connect and read the rows; return a callable that copies them and returns its seconds."""
        connection, content = psycopg.connect(self.conninfo), self.path.read_bytes()

        def copy(starts_at: float) -> float:
            sleep_until(starts_at)
            with connection.cursor().copy(self.statement) as rows:
                for start in range(0, len(content), BLOCK_BYTES):
                    rows.write(content[start : start + BLOCK_BYTES])
            connection.commit()
            return time.monotonic() - starts_at

        return copy
