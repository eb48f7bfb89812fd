"""`rollcall job`: run a scheduled job now."""

import json
from typing import Annotated, Any
from uuid import uuid4

import boto3
import typer
from botocore.config import Config
from rollcall.domain.jobs.schedule import JOBS, Job

from workbench.checkout import here
from workbench.errors import WorkbenchError
from workbench.stack.deployment import STACK_NAME, function_logical_id
from workbench.stack.emulator import CREDENTIALS
from workbench.stack.state import read_state

INVOCATION_SECONDS_MAX = 910  # a function runs at most a quarter of an hour

app = typer.Typer(no_args_is_help=True, help="Run scheduled jobs now.")


@app.callback()
def _group() -> None:
    """Run scheduled jobs now."""


@app.command("run")
def run_job(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(sorted(JOBS))}.")],
    parameter: Annotated[list[str] | None, typer.Option(help="NAME=VALUE for this run; repeat for several.")] = None,
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: the job runs once for each key. Default: a new key.")
    ] = None,
    stack_name: Annotated[
        str | None,
        typer.Option(
            envvar="ROLLCALL_STACK", help="A stack on AWS, reached with your AWS credentials. Default: the local stack."
        ),
    ] = None,
) -> None:
    """Run a scheduled job now, and print its result. For people on call, and for tests."""
    if name not in JOBS:
        raise WorkbenchError(f"There is no job {name}. Jobs: {', '.join(sorted(JOBS))}.")
    event = {"idempotency_key": key or f"cli:{uuid4()}", "parameters": dict(map(_pair, parameter or ()))}
    typer.echo(json.dumps(invoke(JOBS[name], event, stack_name), indent=2))


def invoke(job: Job, event: dict[str, Any], stack_name: str | None) -> dict[str, Any]:
    """Invoke the function of a job and return its answer; raises WorkbenchError when it failed."""
    options = _local() if stack_name is None else {}
    name = _function_name(job, stack_name or STACK_NAME, options)
    # No retry by the SDK: it would begin a slow run a second time.
    patient = Config(read_timeout=INVOCATION_SECONDS_MAX, retries={"total_max_attempts": 1})
    answer = boto3.client("lambda", config=patient, **options).invoke(FunctionName=name, Payload=json.dumps(event))
    document = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        raise WorkbenchError(
            f"{job.name} failed: {document.get('errorType', 'unknown')}. See `rollcall logs {job.name}`."
        )
    return dict(document)


def _function_name(job: Job, stack_name: str, options: dict[str, Any]) -> str:
    resource = boto3.client("cloudformation", **options).describe_stack_resource(
        StackName=stack_name, LogicalResourceId=function_logical_id(job.name)
    )
    return resource["StackResourceDetail"]["PhysicalResourceId"]


def _local() -> dict[str, Any]:
    state = read_state(here())
    return {
        "endpoint_url": state.aws_endpoint_url,
        "region_name": state.aws_region,
        "aws_access_key_id": CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    }


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise WorkbenchError(f"{text} is not NAME=VALUE.")
    return name, value
