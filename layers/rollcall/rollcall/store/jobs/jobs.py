"""The procedures that write down the runs of jobs, called by their names. Each raises StoreUnavailable."""

from uuid import UUID

from rollcall.domain.jobs.schedule import Job
from rollcall.store.connection import Database


class JobStore:
    """Keeps the runs of jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start_job(self, run_id: UUID, job: Job, idempotency_key: str) -> tuple[UUID | None, int]:
        """Begin a run; return its id (None: this key runs or ran already) and how often it was begun again."""
        started_id, retries = self._database.call(
            "select run_id, retries from rollcall.start_job_v1(%s, %s, %s, %s)",
            (run_id, job.name, idempotency_key, job.expected_seconds),
        )
        return started_id, int(retries or 0)

    def end_job(self, run_id: UUID, retries: int, items: int, error_code: str | None) -> float | None:
        """End a run and return its milliseconds; None when it is not this one's any more."""
        (duration_ms,) = self._database.call(
            "select rollcall.end_job_v1(%s, %s, %s, %s)", (run_id, retries, items, error_code)
        )
        return None if duration_ms is None else float(duration_ms)
