"""SNS topics. The SDK is imported at the first use."""

from typing import Protocol, TypedDict

from rollcall.errors import TopicUnavailable

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5


class PublishResponse(TypedDict):
    """The answer of SNS to a published message."""

    MessageId: str


class SNSClient(Protocol):
    """The part of the SDK's client that is used here."""

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> PublishResponse:  # noqa: N803 - the SDK's own names
        """Publish a message."""


class Topics:
    """Publishes to topics. Region, endpoint and credentials are the SDK's defaults."""

    def __init__(self) -> None:
        self._client: SNSClient | None = None

    def _sns(self) -> SNSClient:
        if self._client is None:
            import boto3
            from botocore.config import Config

            self._client = boto3.client(
                "sns",
                config=Config(
                    connect_timeout=CONNECT_TIMEOUT_SECONDS,
                    read_timeout=READ_TIMEOUT_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": 2},
                ),
            )
        return self._client

    def publish(self, topic_arn: str, subject: str, message: str) -> str:
        """Publish a message and return its id; raises TopicUnavailable when it is not certain that it went out."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._sns().publish(TopicArn=topic_arn, Subject=subject, Message=message)
        except (BotoCoreError, ClientError) as fault:
            raise TopicUnavailable from fault
        return answer["MessageId"]
