"""The dead_letters function, with an archive and queues of moto's, and a ledger that fails."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import boto3
import pytest
from moto import mock_aws
from rollcall.cloud.objects import Objects
from rollcall.cloud.queues import Queues
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION, Failure
from rollcall.edge.wiring import dead_letters as wiring_dead_letters
from rollcall.edge.wiring import environment
from rollcall.errors import ConfigurationInvalid, RollcallError, StoreUnavailable
from rollcall.flows.dead_letters.record import RecordDeadLetters

from functions.dead_letters import app
from tests.builders import NOW, ORG, queued_batch, scrubbed_event
from tests.unit.dead_letters.test_record_flow import CANARY, Scrubber, Scrubbing
from tests.unit.fakes.api_gateway import Context

BUCKET = "archive"


class Fakes:
    """An archive and queues of moto's, and a ledger."""

    def __init__(self) -> None:
        self.sqs, self.s3 = boto3.client("sqs"), boto3.client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        self.urls = {
            queue: self.sqs.create_queue(QueueName=f"{queue}-dead-letters", Attributes={"VisibilityTimeout": "180"})[
                "QueueUrl"
            ]
            for queue in app.QUEUES
        }
        self.recorded: list[tuple[UUID, Failure]] = []
        self.fault: Exception | None = None
        self.asked = 0

    def find_barred(self, _org_id: UUID, asked: Sequence[tuple[str, datetime]]) -> list[bool]:
        """Return that no learner was erased."""
        return [False for _ in asked]

    def record_dead_letter(self, org_id: UUID, failure: Failure) -> bool:
        """Record it."""
        self.asked += 1
        if self.fault:
            raise self.fault
        self.recorded.append((org_id, failure))
        return True

    def receive(self, *bodies: str, queue: str = "spool", code: str | None = "poisoned_message") -> list[int]:
        """Put messages there and let the function have them; return the positions of those that stay."""
        for body in bodies:
            attributes: Any = {"error_code": {"DataType": "String", "StringValue": code}} if code else {}
            self.sqs.send_message(QueueUrl=self.urls[queue], MessageBody=body, MessageAttributes=attributes)
        found = self.sqs.receive_message(
            QueueUrl=self.urls[queue], MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        )["Messages"]
        records = [record_of(message, queue) for message in found]
        answer = app.handler({"Records": records}, Context())
        stay = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        return [position for position, record in enumerate(records) if record["messageId"] in stay]

    def archived(self) -> dict[str, str]:
        """Return the objects in the archive."""
        keys = [found["Key"] for found in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
        return {key: self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() for key in keys}


def record_of(message: Any, queue: str) -> dict[str, Any]:
    """Return a message as SQS's event source hands it over."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{queue}-dead-letters",
        "awsRegion": "eu-central-1",
    }


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fakes]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        fakes = Fakes()
        for queue, url in fakes.urls.items():
            monkeypatch.setenv(f"{queue}_dead_letter_queue_url".upper(), url)
        queues = Queues()
        flow = RecordDeadLetters(Objects(BUCKET), fakes, lambda _org_id: Scrubbing(Scrubber()), lambda: NOW)
        monkeypatch.setattr(environment, "queues", lambda: queues)
        monkeypatch.setattr(wiring_dead_letters, "record_dead_letters", lambda: flow)
        yield fakes


def test_a_recorded_message_leaves_the_queue(fakes: Fakes) -> None:
    """Archived and recorded, of its queue, with its cause; the ledger says where the body is."""
    batch = queued_batch(ORG, scrubbed_event())
    assert fakes.receive(batch.model_dump_json(), queue="analytics", code="store_refused") == []
    ((org_id, failure),) = fakes.recorded
    assert (org_id, failure.queue, failure.cause) == (ORG, "analytics", "store_refused")
    assert list(fakes.archived()) == [failure.archive_key]
    assert json.loads(fakes.archived()[str(failure.archive_key)])["org_id"] == str(ORG)


def test_nothing_personal_leaves_the_queue(fakes: Fakes, logged: Callable[[], str]) -> None:
    """Archive, ledger, logs and metrics hold no personal value of the message."""
    assert fakes.receive(f"call {CANARY}", json.dumps({"who": CANARY})) == []
    assert {org_id for org_id, _ in fakes.recorded} == {NIL_ORGANISATION}
    lines = logged()
    assert "dead letter" in lines
    for kept in (lines, str(fakes.recorded), str(fakes.archived())):
        assert CANARY not in kept


@pytest.mark.parametrize("fault", [StoreUnavailable(), RollcallError(), ValueError("canary")])
def test_a_message_that_cannot_be_recorded_stays_on_the_queue(
    fakes: Fakes, fault: Exception, logged: Callable[[], str]
) -> None:
    """Every message comes back, the log has the error's type or code alone, and a later attempt records them."""
    fakes.fault = fault
    assert fakes.receive("one", "two") == [0, 1]
    assert "canary" not in logged()
    fakes.fault = None
    for url in fakes.urls.values():
        fakes.sqs.purge_queue(QueueUrl=url)
    assert fakes.receive("one", "two") == []


def test_a_store_that_is_away_gives_a_message_back_for_a_moment(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is hidden for seconds that grow with its receives, not for the queue's whole timeout."""
    given_back: list[int] = []
    monkeypatch.setattr(environment.queues(), "give_back", lambda _url, _handle, seconds: given_back.append(seconds))
    fakes.fault = StoreUnavailable()
    fakes.receive("one")
    assert given_back == [2]


def test_a_store_that_is_away_is_asked_once(fakes: Fakes) -> None:
    """Ten connections that time out would outlast the invocation; the next one asks again."""
    fakes.fault = StoreUnavailable()
    assert fakes.receive("one", "two", "three") == [0, 1, 2]
    assert fakes.asked == 1


def test_burials_are_counted_by_queue(fakes: Fakes, logged: Callable[[], str]) -> None:
    """Each queue has its own metric, and the queue's alarm watches it."""
    fakes.receive("one", "two", queue="analytics")
    sent = next(json.loads(line) for line in logged().splitlines() if '"_aws"' in line)
    assert (sent["buried"], sent["queue"]) == ([1.0, 1.0], "analytics")


def test_a_message_of_an_unknown_queue_fails_the_batch(fakes: Fakes) -> None:
    """The function takes an unknown queue for no other queue: the whole batch stays where it is."""
    fakes.sqs.create_queue(QueueName="others-dead-letters")
    with pytest.raises(ConfigurationInvalid):
        app.handler({"Records": [record_of(unknown(), "others")]}, Context())
    assert fakes.recorded == []


def unknown() -> dict[str, Any]:
    return {"MessageId": str(uuid4()), "ReceiptHandle": "handle", "Body": "", "Attributes": {}}
