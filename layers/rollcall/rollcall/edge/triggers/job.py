"""Decorator that makes a function run a job: `@job.entry("partition")` above `def handler(run: Run) -> JobResult`."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any
from uuid import uuid4

from rollcall.domain.jobs.schedule import JOBS, Job
from rollcall.edge.runtime import clock, observe
from rollcall.edge.wiring import environment
from rollcall.errors import JobFailed, RollcallError, StoreUnavailable
from rollcall.flows.jobs.run import JobOutcome, JobResult, Run, run_job
from rollcall.store.jobs.jobs import JobStore

__all__ = ["JobResult", "Run", "entry", "store"]

Work = Callable[[Run], JobResult]
MILLISECONDS_PER_SECOND = 1000
KEY_CHARACTERS_MAX = 128


@cache
def store() -> JobStore:
    """Return the store of job runs."""
    return JobStore(environment.database())


def entry(name: str) -> Callable[[Work], observe.Handler]:
    """Turn the work of a job (see domain.jobs.schedule) into a function's entry point.

    The event may name an `idempotency_key` (default: the slot of the schedule) and `parameters`. When a run fails, the
    entry point raises, so that Lambda tries the run again under the same key. An unforeseen fault becomes JobFailed,
    because its text could quote a row.
    """
    job = JOBS[name]

    def decorate(work: Work) -> observe.Handler:
        @observe.entry
        @wraps(work)
        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            run = Run(
                uuid4(),
                _key(job, event),
                event.get("parameters") or {},
                lambda: context.get_remaining_time_in_millis() / MILLISECONDS_PER_SECOND,
            )
            try:
                outcome = run_job(store(), job, run, work)
            except StoreUnavailable as away:
                # The database could not record the run. Only this log line and metric show that it was due.
                outcome = JobOutcome(run.run_id, fault=away)
            _log(job, outcome)
            if outcome.fault is not None:
                # `from None`: Lambda logs the whole exception chain and copies it into the dead letter.
                raise (outcome.fault if isinstance(outcome.fault, RollcallError) else JobFailed()) from None
            return _answer(job, outcome)

        return handler

    return decorate


def _key(job: Job, event: dict[str, Any]) -> str:
    key = str(event.get("idempotency_key") or "")
    # A scheduler without context attributes sends the placeholder itself, the same text each time.
    return job.key_at(clock.now()) if not key or key.startswith("<aws.") else key[:KEY_CHARACTERS_MAX]


def _answer(job: Job, outcome: JobOutcome) -> dict[str, Any]:
    if outcome.done is None:
        return {"job": job.name, "run_id": None, "status": "already_ran", "items": 0}
    return {
        "job": job.name,
        "run_id": str(outcome.run_id),
        "status": "succeeded",
        "items": outcome.done.items,
        **outcome.done.details,
    }


def _log(job: Job, outcome: JobOutcome) -> None:
    fields: dict[str, Any] = {"job": job.name, "run_id": str(outcome.run_id), "retries": outcome.retries}
    if outcome.run_id is None:
        observe.logger().info("job outcome already", extra={"job": job.name})
        return
    observe.dimension("job", job.name)
    observe.count(success=int(outcome.fault is None), retries_total=outcome.retries)
    if outcome.duration_ms is not None:
        observe.measure("duration_ms", outcome.duration_ms)
    if outcome.fault is None and outcome.done is not None:
        observe.logger().info("job", extra=fields | {"items": outcome.done.items, **outcome.done.details})
        return
    fields |= {"code": outcome.fault.code if isinstance(outcome.fault, RollcallError) else RollcallError.code}
    fields |= {"fault": type(outcome.fault).__name__, "at": observe.place_of(outcome.fault)}
    observe.logger().error("job failed", extra=fields)
