"""Reads the functions' logs from the emulator's CloudWatch Logs."""

import time
from collections.abc import Iterator

import boto3
from mypy_boto3_logs import CloudWatchLogsClient

from workbench.stack.deployment import STACK_NAME
from workbench.stack.emulator import CREDENTIALS
from workbench.stack.state import StackState

PREFIX = f"/rollcall/{STACK_NAME}/"  # prefix of the log groups in the template
POLL_SECONDS = 1.0
LAMBDA_LINES = ("START RequestId", "END RequestId", "REPORT RequestId")


def lines(state: StackState, function: str | None, since_ms: int, *, follow: bool) -> Iterator[tuple[str, str]]:
    """Yield (function, line), oldest first. With `follow` it does not end. Lambda's own lines are left out."""
    client = _client(state)
    while True:
        batch = sorted(_read(client, function, since_ms))
        for at_ms, name, text in batch:
            since_ms = max(since_ms, at_ms + 1)
            yield name, text
        if not follow:
            return
        time.sleep(POLL_SECONDS)


def _read(client: CloudWatchLogsClient, function: str | None, since_ms: int) -> Iterator[tuple[int, str, str]]:
    for page in client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=PREFIX):
        for group in page["logGroups"]:
            name = group["logGroupName"].rpartition("/")[2]
            if function and function.lower() not in name.lower():
                continue
            events = client.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"], startTime=since_ms
            )
            for found in events:
                for event in found["events"]:
                    text = event["message"].rstrip()
                    if not text.startswith(LAMBDA_LINES):
                        yield event["timestamp"], name, text


def _client(state: StackState) -> CloudWatchLogsClient:
    return boto3.client(
        "logs",
        endpoint_url=state.aws_endpoint_url,
        region_name=state.aws_region,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
