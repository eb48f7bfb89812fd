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
            "start_job_v1",
            "run_id, retries",
            p_run_id=run_id,
            p_job=job.name,
            p_idempotency_key=idempotency_key,
            p_expected_seconds=job.expected_seconds,
        )
        return started_id, int(retries or 0)

    def end_job(self, run_id: UUID, retries: int, items: int, error_code: str | None) -> float | None:
        """End a run and return its milliseconds; None when it is not this one's any more."""
        (duration_ms,) = self._database.call(
            "end_job_v1", p_run_id=run_id, p_retries=retries, p_items=items, p_error_code=error_code
        )
        return None if duration_ms is None else float(duration_ms)
