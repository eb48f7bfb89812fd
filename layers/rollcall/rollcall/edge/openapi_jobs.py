"""The routes about jobs in the API's description."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.jobs.alert import AlertOrder, PublishedAlert
from rollcall.contracts.jobs.job import RUNS_DEFAULT, RUNS_MAX, JobRuns, JobsOverview
from rollcall.domain.jobs.schedule import JOBS
from rollcall.edge.openapi_admin import operation, parameter

MODELS: tuple[type[BaseModel], ...] = (AlertOrder, PublishedAlert, JobsOverview, JobRuns)


def paths() -> dict[str, dict[str, Any]]:
    """Return the paths about jobs."""
    job = parameter("job", "path", {"type": "string", "enum": sorted(JOBS)}, "The job.")
    limit = parameter(
        "limit",
        "query",
        {"type": "integer", "minimum": 1, "maximum": RUNS_MAX, "default": RUNS_DEFAULT},
        "How many at most.",
    )
    return {
        "/api/jobs/overview": {
            "get": operation(
                "getJobsOverview",
                "Every job, queue and alert",
                "Last runs, rates, durations, backlogs, open dead letters, active alerts: numbers of the whole "
                "deployment, never anybody's rows. For admin:read.",
                ("200", "How they stand.", JobsOverview),
                (),
            )
        },
        "/api/jobs/{job}/runs": {
            "get": operation(
                "listJobRuns",
                "The latest runs of a job",
                "Newest first. For admin:read.",
                ("200", "The runs.", JobRuns),
                (400, 404),
                parameters=[job, limit],
            )
        },
        "/api/jobs/test-alert": {
            "post": operation(
                "postTestAlert",
                "Fire a synthetic alert",
                "It takes the way of a real one, and says so. Before PageFrom a page goes out as a warning. Five at "
                "once, then one a minute, of the whole deployment. For admin:write.",
                ("200", "What went out.", PublishedAlert),
                (400, 413, 415),
                body=AlertOrder,
            )
        },
    }
