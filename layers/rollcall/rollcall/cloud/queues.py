"""SQS queues. The SDK is imported at the first use: a progress batch needs it only when the database is away."""

from typing import TYPE_CHECKING

from rollcall.contracts.jobs.job import QueueDepth
from rollcall.errors import QueueUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5
VISIBILITY_MAX_SECONDS = 43_200  # SQS's own


class Queues:
    """Sends to queues, gives messages back, and counts. Region, endpoint and credentials are the SDK's defaults."""

    def __init__(
        self,
        connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
        read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
        tries: int = 2,
    ) -> None:
        self._connect_timeout_seconds = connect_timeout_seconds
        self._read_timeout_seconds = read_timeout_seconds
        self._tries = tries
        self._client: SQSClient | None = None

    def _sqs(self) -> "SQSClient":
        if self._client is None:
            import boto3
            from botocore.config import Config

            self._client = boto3.client(
                "sqs",
                config=Config(
                    connect_timeout=self._connect_timeout_seconds,
                    read_timeout=self._read_timeout_seconds,
                    retries={"mode": "standard", "total_max_attempts": self._tries},
                ),
            )
        return self._client

    def send(self, queue_url: str, body: str, attributes: dict[str, str] | None = None) -> str:
        """Put a message on a queue durably and return its id; raises QueueUnavailable when that is not certain."""
        from botocore.exceptions import BotoCoreError, ClientError

        values = {name: {"DataType": "String", "StringValue": value} for name, value in (attributes or {}).items()}
        try:
            answer = self._sqs().send_message(QueueUrl=queue_url, MessageBody=body, MessageAttributes=values)  # type: ignore[arg-type]
        except (BotoCoreError, ClientError) as fault:
            raise QueueUnavailable from fault
        return answer["MessageId"]

    def give_back(self, queue_url: str, receipt_handle: str, seconds: int) -> None:
        """Let a message be received again after that time; raises QueueUnavailable."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._sqs().change_message_visibility(
                QueueUrl=queue_url,
                ReceiptHandle=receipt_handle,
                VisibilityTimeout=min(seconds, VISIBILITY_MAX_SECONDS),
            )
        except (BotoCoreError, ClientError) as fault:
            raise QueueUnavailable from fault

    def depth(self, queue_url: str) -> QueueDepth:
        """Return how many messages are on a queue, approximately; raises QueueUnavailable."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            attributes = self._sqs().get_queue_attributes(
                QueueUrl=queue_url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )["Attributes"]
        except (BotoCoreError, ClientError) as fault:
            raise QueueUnavailable from fault
        return QueueDepth(
            waiting_count=int(attributes["ApproximateNumberOfMessages"]),
            in_flight_count=int(attributes["ApproximateNumberOfMessagesNotVisible"]),
            delayed_count=int(attributes["ApproximateNumberOfMessagesDelayed"]),
        )
