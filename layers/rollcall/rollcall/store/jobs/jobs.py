"""Calls the procedures that record the runs of jobs. Each call raises StoreUnavailable."""

from uuid import UUID

from rollcall.domain.jobs.schedule import Job
from rollcall.store.connection import Database


class JobStore:
    """Keeps the runs of jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start_job(self, run_id: UUID, job: Job, idempotency_key: str) -> tuple[UUID | None, int]:
        """Begin a run; return its id (None: a run of this key is active or done) and the number of its retries."""
        started_id, retries = self._database.call(
            "start_job_v1",
            "run_id, retries",
            p_run_id=run_id,
            p_job=job.name,
            p_idempotency_key=idempotency_key,
            p_expected_seconds=job.expected_seconds,
        )
        return started_id, int(retries or 0)

    def end_job(self, run_id: UUID, retries: int, items: int, error_code: str | None) -> float | None:
        """End a run and return its duration in milliseconds; None when the run was given up meanwhile."""
        (duration_ms,) = self._database.call(
            "end_job_v1", p_run_id=run_id, p_retries=retries, p_items=items, p_error_code=error_code
        )
        return None if duration_ms is None else float(duration_ms)
