"""Run a job once for each idempotency key, and record its start and end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from rollcall.domain.jobs.schedule import Job
from rollcall.errors import RollcallError

Detail = int | float | str | bool | None


@dataclass(frozen=True)
class Run:
    """One run: its id and key, its parameters, and how many seconds the function has left."""

    run_id: UUID
    idempotency_key: str
    parameters: Mapping[str, Any]
    remaining_seconds: Callable[[], float]


@dataclass(frozen=True)
class JobResult:
    """The result of a run: how many items, and details for its answer and log line. Neither names a person."""

    items: int
    details: Mapping[str, Detail] = field(default_factory=dict)


class JobStore(Protocol):
    """Records runs; raises StoreUnavailable."""

    def start_job(self, run_id: UUID, job: Job, idempotency_key: str) -> tuple[UUID | None, int]:
        """Begin a run; return its id (None: the key runs or ran already) and how often it was begun again."""

    def end_job(self, run_id: UUID, retries: int, items: int, error_code: str | None) -> float | None:
        """End a run and return its milliseconds, or None when the run was given up meanwhile."""


@dataclass(frozen=True)
class JobOutcome:
    """The outcome of a request for a run. Without a `run_id` the key had run already, and nothing was done."""

    run_id: UUID | None
    retries: int = 0
    duration_ms: float | None = None
    done: JobResult | None = None
    fault: Exception | None = None


def run_job(store: JobStore, job: Job, run: Run, work: Callable[[Run], JobResult]) -> JobOutcome:
    """Run a job under a key, unless the key ran already. A fault of the work is recorded and returned.

    Raises StoreUnavailable when the run could not begin.
    """
    run_id, retries = store.start_job(run.run_id, job, run.idempotency_key)
    if run_id is None:
        return JobOutcome(None)
    try:
        done = work(Run(run_id, run.idempotency_key, run.parameters, run.remaining_seconds))
    except Exception as fault:  # noqa: BLE001 - whatever it was, the run has failed; its caller raises it again
        return JobOutcome(run_id, retries, _end(store, run_id, retries, 0, fault), fault=fault)
    return JobOutcome(run_id, retries, store.end_job(run_id, retries, done.items, None), done)


def _end(store: JobStore, run_id: UUID, retries: int, items: int, fault: Exception) -> float | None:
    code = fault.code if isinstance(fault, RollcallError) else RollcallError.code
    try:
        return store.end_job(run_id, retries, items, code)
    except RollcallError:
        # The database is away too. The watchdog will find a run without an end.
        return None
