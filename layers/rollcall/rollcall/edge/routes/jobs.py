"""/api/jobs: how scheduled jobs, queues and alerts stand; and a synthetic alert, to see that messages arrive.

Numbers of the whole deployment, so no organisation is asked for: whoever administers any may read them.
"""

from math import ceil

from pydantic import BaseModel, ConfigDict, Field

from rollcall import errors
from rollcall.contracts.jobs.alert import AlertOrder
from rollcall.contracts.jobs.job import RUNS_DEFAULT, RUNS_MAX, JobRuns
from rollcall.domain.jobs.alert_text import TEST
from rollcall.domain.jobs.alerts import raise_alert
from rollcall.domain.jobs.findings import Finding
from rollcall.domain.jobs.schedule import JOBS
from rollcall.edge.http.parse import read_model, read_query
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import clock, observe, settings
from rollcall.edge.wiring import jobs as wiring_jobs

READ, WRITE = "admin:read", "admin:write"
OK = 200
TOO_MANY = "Everybody on call hears these: five at once, then one a minute."
DETAIL = "Somebody asked for this message, to see that it arrives. Nothing is wrong."

router = Router()


class RunsQuery(BaseModel):
    """How many runs to list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(RUNS_DEFAULT, ge=1, le=RUNS_MAX, description="How many at most.")


@router.route("GET /api/jobs/overview")
def get_overview(request: Request) -> Response:
    """Answer how every job, queue and alert stands."""
    access.administrator(request, READ)
    return Response.of(OK, wiring_jobs.describe_jobs().describe())


@router.route("GET /api/jobs/{job}/runs")
def get_runs(request: Request) -> Response:
    """Answer the latest runs of a job."""
    access.administrator(request, READ)
    query = read_query(request, RunsQuery)
    job = request.path_parameters["job"]
    if job not in JOBS:
        raise errors.JobUnknown
    return Response.of(OK, JobRuns(job=job, runs=wiring_jobs.store().list_job_runs(job, query.limit)))


@router.route("POST /api/jobs/test-alert")
def post_test_alert(request: Request) -> Response:
    """Publish a synthetic alert the way that the watchdog publishes its own, and answer what went out."""
    access.administrator(request, WRITE)
    order = read_model(request, AlertOrder)
    if (wait_seconds := wiring_jobs.store().take_test_alert()) > 0:
        raise errors.RateLimited(TOO_MANY, retry_after_seconds=ceil(wait_seconds))
    decision = raise_alert(Finding(TEST, order.severity, DETAIL), clock.now(), settings.current().page_from)
    published = wiring_jobs.publish_alert().send(decision, "raised")
    observe.logger().info("test alert", extra={"severity": order.severity, "sent_as": published.sent_as})
    return Response.of(OK, published)
