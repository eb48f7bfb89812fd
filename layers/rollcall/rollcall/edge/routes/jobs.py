"""/api/jobs: state of scheduled jobs, queues and alerts, and a synthetic alert.

The figures are of the whole deployment, so these routes ask for no organisation: any administrator may read them.
"""

from math import ceil

from pydantic import BaseModel, ConfigDict, Field

from rollcall import errors
from rollcall.contracts.jobs.alert import AlertOrder, PublishedAlert
from rollcall.contracts.jobs.job import RUNS_DEFAULT, RUNS_MAX, JobRuns, JobsOverview
from rollcall.domain.jobs.alert_text import TEST
from rollcall.domain.jobs.alerts import raise_alert
from rollcall.domain.jobs.findings import Finding
from rollcall.domain.jobs.schedule import JOBS
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import OK, READ, WRITE, Answer, Parameter, Route
from rollcall.edge.http.router import Router
from rollcall.edge.runtime import clock, observe, settings
from rollcall.edge.wiring import jobs as wiring_jobs

TOO_MANY = "Every test alert reaches the people on call: five at once are allowed, then one a minute."
DETAIL = "An administrator asked for this test message, to check that messages arrive. Nothing is wrong."

router = Router()


class RunsQuery(BaseModel):
    """Page of a list of runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(RUNS_DEFAULT, ge=1, le=RUNS_MAX, description="The most runs to list.")


@router.route(
    Route(
        "GET /api/jobs/overview",
        operation_id="getJobsOverview",
        summary="Read the state of every job, queue and alert",
        description="Last runs, rates, durations, backlogs, open dead letters and active alerts. The figures are of "
        "the whole deployment and show no organisation's rows.",
        scope=READ,
        answers={OK: Answer("The overview.", JobsOverview)},
    )
)
def get_overview(_request: Request) -> Response:
    """Answer the state of every job, queue and alert."""
    return Response.of(OK, wiring_jobs.describe_jobs().describe())


@router.route(
    Route(
        "GET /api/jobs/{job}/runs",
        operation_id="listJobRuns",
        summary="List the latest runs of a job",
        description="Newest first.",
        scope=READ,
        parameters=(Parameter("job", "The job.", {"type": "string", "enum": sorted(JOBS)}),),
        query=RunsQuery,
        answers={OK: Answer("The runs.", JobRuns)},
        problems={404: "No job has this name."},
    )
)
def get_runs(request: Request, query: RunsQuery) -> Response:
    """Answer the latest runs of a job."""
    job = request.path_parameters["job"]
    if job not in JOBS:
        raise errors.JobUnknown
    return Response.of(OK, JobRuns(job=job, runs=wiring_jobs.store().list_job_runs(job, query.limit)))


@router.route(
    Route(
        "POST /api/jobs/test-alert",
        operation_id="postTestAlert",
        summary="Send a synthetic alert",
        description="The alert takes the way of a real alert, and says that it is a test. Before PageFrom a page goes "
        "out as a warning. The whole deployment takes five at once, then one a minute.",
        scope=WRITE,
        body=AlertOrder,
        answers={OK: Answer("The published alert.", PublishedAlert)},
    )
)
def post_test_alert(_request: Request, order: AlertOrder) -> Response:
    """Publish a synthetic alert the way that the watchdog publishes its own."""
    if (wait_seconds := wiring_jobs.store().take_test_alert()) > 0:
        raise errors.RateLimited(TOO_MANY, retry_after_seconds=ceil(wait_seconds))
    decision = raise_alert(Finding(TEST, order.severity, DETAIL), clock.now(), settings.current().page_from)
    published = wiring_jobs.publish_alert().send(decision, "raised")
    observe.logger().info("test alert", extra={"severity": order.severity, "sent_as": published.sent_as})
    return Response.of(OK, published)
