"""The emulated services beside the API: queues, functions and logs, through the AWS SDK."""

import functools
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import boto3
import psutil

from workbench.stack.emulator import CREDENTIALS
from workbench.stack.state import StackState

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")


class Cloud:
    """The services of one stack."""

    def __init__(self, state: StackState) -> None:
        self._state = state
        open_client = functools.partial(
            boto3.client,
            endpoint_url=state.aws_endpoint_url,
            region_name=state.aws_region,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
        self._sqs: SQSClient = open_client("sqs")
        self._lambda: LambdaClient = open_client("lambda")
        self._s3: S3Client = open_client("s3")
        self._logs: CloudWatchLogsClient = open_client("logs")
        self._sns: Any = open_client("sns")

    def spool(self, body: str) -> None:
        """Put a message on the spool queue."""
        self._sqs.send_message(QueueUrl=self._state.queues["spool"], MessageBody=body)

    def put(self, queue: str, body: str) -> None:
        """Put a message on a queue, by its name in the stack's state."""
        self._sqs.send_message(QueueUrl=self._state.queues[queue], MessageBody=body)

    def hide(self, queue: str, seconds: int) -> None:
        """Let a queue hide for so long what somebody received."""
        url = self._state.queues[queue]
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(seconds)})

    @contextmanager
    def full_queue(self, messages: int) -> Iterator[str]:
        """Make a queue without a consumer, with this many messages, and return its address."""
        url = self._sqs.create_queue(QueueName=f"full-{uuid4()}")["QueueUrl"]
        try:
            for first in range(0, messages, 10):
                entries = [{"Id": str(number), "MessageBody": "{}"} for number in range(min(10, messages - first))]
                self._sqs.send_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]
            yield url
        finally:
            self._sqs.delete_queue(QueueUrl=url)

    def waiting(self, queue: str) -> int:
        """Return how many messages are on a queue, in flight or not."""
        return self._count(queue)

    def spooled(self) -> int:
        """Return how many messages are on the spool queue, in flight or not."""
        return self._count("spool")

    def dead(self) -> int:
        """Return how many messages are in the dead-letter queue."""
        return self._count("spool_dead_letter")

    def _count(self, queue: str) -> int:
        answer = self._sqs.get_queue_attributes(QueueUrl=self._state.queues[queue], AttributeNames=["All"])
        return sum(int(value) for name, value in answer["Attributes"].items() if name in WAITING)

    def messages(self) -> Iterator[str]:
        """Yield the bodies and attributes of all messages in all queues, without taking them."""
        for url in self._sqs.list_queues(MaxResults=100).get("QueueUrls", []):
            answer = self._sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
            )
            yield from (str(message) for message in answer.get("Messages", []))

    def objects(self) -> Iterator[str]:
        """Yield the keys and contents of all objects in the stack's archive."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._state.buckets["archive"]):
            for found in page.get("Contents", []):
                body = self.object(found["Key"])
                content = gzip.decompress(body) if found["Key"].endswith(".gz") else body
                yield f"{found['Key']} {content.decode(errors='replace')}"

    def object(self, key: str) -> bytes:
        """Return an object of the stack's archive."""
        return self._s3.get_object(Bucket=self._state.buckets["archive"], Key=key)["Body"].read()

    def put_object(self, key: str, body: bytes) -> None:
        """Put an object into the stack's archive."""
        self._s3.put_object(Bucket=self._state.buckets["archive"], Key=key, Body=body)

    def function_name(self, part: str) -> str:
        """Return the deployed name of a function of the template."""
        names = [function["FunctionName"] for function in self._lambda.list_functions(MaxItems=50)["Functions"]]
        return next(name for name in names if part in name)

    def environment(self, part: str) -> dict[str, str]:
        """Return the environment variables of a function."""
        known = self._lambda.get_function_configuration(FunctionName=self.function_name(part))
        return dict(known["Environment"]["Variables"])

    def invoke(self, part: str, **event: Any) -> dict[str, Any]:
        """Run a function now, whatever its schedule has run, and return what it answers."""
        payload = json.dumps({"idempotency_key": f"e2e:{uuid4()}", **event})
        answer = self._lambda.invoke(FunctionName=self.function_name(part), Payload=payload)
        text = answer["Payload"].read()
        assert answer.get("FunctionError") is None, text
        return cast("dict[str, Any]", json.loads(text))

    def subscribe(self, part: str, topic: str = "DIGEST_TOPIC_ARN") -> Callable[[], list[dict[str, Any]]]:
        """Subscribe to a topic that a function publishes to, and return what reads what came since."""
        configuration = self._lambda.get_function_configuration(FunctionName=self.function_name(part))
        topic_arn = configuration["Environment"]["Variables"][topic]
        url = self._sqs.create_queue(QueueName=f"inbox-{uuid4()}")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        self._sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=attributes["QueueArn"])

        def read() -> list[dict[str, Any]]:
            answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2)
            return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

        return read

    @contextmanager
    def function_environment(self, part: str, changes: Mapping[str, str]) -> Iterator[None]:
        """Run a function with other environment variables for a while."""
        name = self.function_name(part)
        before = self._lambda.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        try:
            self._lambda.update_function_configuration(
                FunctionName=name, Environment={"Variables": {**before, **changes}}
            )
            yield
        finally:
            self._lambda.update_function_configuration(FunctionName=name, Environment={"Variables": before})

    def workers(self, part: str) -> list[psutil.Process]:
        """Return the processes that run a function: its execution environments."""
        mark = f"ministack-lambda-{self.function_name(part)}-"
        children = psutil.Process(self._state.pids.emulator).children(recursive=True)
        return [child for child in children if mark in " ".join(_command(child))]

    def log_lines(self) -> Iterator[str]:
        """Return every line that any function ever logged."""
        groups = self._logs.describe_log_groups()["logGroups"]
        for group in groups:
            pages: Any = self._logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
            for page in pages:
                yield from (event["message"] for event in page["events"])


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
