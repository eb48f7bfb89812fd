"""AWS services: signatures equal to the SDK's, queues as SQS has them."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto import mock_aws
from rollcall.cloud.parameters import Parameters
from rollcall.cloud.queues import Queues
from rollcall.cloud.secrets import Secrets
from rollcall.cloud.signature import AwsCredentials, sign_post
from rollcall.cloud.topics import Topics
from rollcall.errors import ParameterUnavailable, QueueUnavailable, SecretUnavailable, TopicUnavailable

BODY = b'{"SecretId": "arn"}'
SHUTDOWN_POLL_SECONDS = 0.01
HEADERS = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue"}


@pytest.mark.parametrize("session_token", [None, "a session token"])
@pytest.mark.parametrize("url", ["https://secretsmanager.eu-central-1.amazonaws.com", "http://127.0.0.1:4566/"])
def test_our_signature_equals_the_sdks(url: str, session_token: str | None) -> None:
    """Signed with the same key at the same time, the Authorization headers are equal."""
    request = AWSRequest("POST", url, data=BODY, headers=HEADERS)
    SigV4Auth(Credentials("AKID", "secret", session_token), "secretsmanager", "eu-central-1").add_auth(request)
    at = datetime.strptime(request.context["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    credentials = AwsCredentials("AKID", "secret", session_token)
    ours = sign_post(url, HEADERS, BODY, "secretsmanager", "eu-central-1", credentials, at)
    assert ours["authorization"] == request.headers["Authorization"]


class SecretsManager(http.server.BaseHTTPRequestHandler):
    """Answers one secret, and counts how often it was asked."""

    asked = 0

    def do_POST(self) -> None:
        """Answer GetSecretValue."""
        type(self).asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        known = self.headers["X-Amz-Target"] == "secretsmanager.GetSecretValue"
        self.send_response(200 if known else 400)
        self.end_headers()
        self.wfile.write(json.dumps({"SecretString": "open sesame"}).encode())

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serve(service: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve a service on this machine, and yield its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), service)
    thread = threading.Thread(target=server.serve_forever, args=[SHUTDOWN_POLL_SECONDS])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def endpoint() -> Iterator[str]:
    SecretsManager.asked = 0
    with serve(SecretsManager) as address:
        yield address


def secrets(endpoint: str) -> Secrets:
    return Secrets("eu-central-1", endpoint, lambda: AwsCredentials("AKID", "secret", None))


def test_a_secret_is_kept_only_as_long_as_asked(endpoint: str) -> None:
    """Without an age each read asks; with one, a rotation is noticed after it."""
    store = secrets(endpoint)
    assert store.read("arn") == "open sesame"
    store.read("arn")
    assert SecretsManager.asked == 2
    store.read("arn", max_age_seconds=60)
    assert SecretsManager.asked == 2
    store.read("another", max_age_seconds=60)
    assert SecretsManager.asked == 3


def test_an_unreachable_secrets_manager_is_reported_as_unavailable() -> None:
    """No server listens at the address."""
    with pytest.raises(SecretUnavailable):
        secrets("http://127.0.0.1:9").read("arn")


class SystemsManager(http.server.BaseHTTPRequestHandler):
    """Answers GetParameter as AWS does."""

    kept: ClassVar[dict[str, str]] = {}
    throttled = False

    def do_POST(self) -> None:
        """Answer one parameter, or that there is none, or that there were too many questions."""
        name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["Name"]
        assert self.headers["X-Amz-Target"] == "AmazonSSM.GetParameter"
        assert "/eu-central-1/ssm/aws4_request" in self.headers["Authorization"]
        if self.throttled:
            self._send(400, {"__type": "ThrottlingException"})
        elif name in self.kept:
            self._send(200, {"Parameter": {"Name": name, "Type": "String", "Value": self.kept[name]}})
        else:
            self._send(400, {"__type": "com.amazonaws.ssm#ParameterNotFound"})

    def _send(self, status: int, members: dict[str, Any]) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(members).encode())

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def parameters(endpoint: str) -> Parameters:
    return Parameters("eu-central-1", endpoint, lambda: AwsCredentials("AKID", "secret", None))


def test_a_parameter_is_read_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """None where there is none; its text where there is one, and the new one as soon as it changes."""
    name = "/rollcall/a-stack/flags"
    with serve(SystemsManager) as address:
        store = parameters(address)
        assert store.read(name) is None
        for text in ('{"emit": "off"}', "{}"):
            monkeypatch.setattr(SystemsManager, "kept", {name: text})
            assert store.read(name) == text


def test_a_failing_systems_manager_is_reported_as_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any answer but "no such parameter" is an error."""
    monkeypatch.setattr(SystemsManager, "throttled", True)
    with serve(SystemsManager) as address, pytest.raises(ParameterUnavailable, match="ThrottlingException"):
        parameters(address).read("/rollcall/a-stack/flags")
    with pytest.raises(ParameterUnavailable):
        parameters("http://127.0.0.1:9").read("/rollcall/a-stack/flags")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.mark.usefixtures("aws")
def test_a_message_goes_out_with_its_attributes_and_can_be_given_back() -> None:
    """What is sent is what is received; given back, it is received again."""
    client = boto3.client("sqs")
    url = client.create_queue(QueueName="spool", Attributes={"VisibilityTimeout": "180"})["QueueUrl"]
    queues = Queues()
    queues.send(url, "body", {"cause": "poisoned_message"})
    (message,) = client.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == "body"
    assert message["MessageAttributes"]["cause"]["StringValue"] == "poisoned_message"
    assert "Messages" not in client.receive_message(QueueUrl=url)
    queues.give_back(url, message["ReceiptHandle"], 0)
    assert client.receive_message(QueueUrl=url)["Messages"]


@pytest.mark.usefixtures("aws")
def test_the_depth_of_a_queue_counts_all_its_messages() -> None:
    """The depth counts waiting, received and delayed messages."""
    client = boto3.client("sqs")
    url = client.create_queue(QueueName="analytics", Attributes={"VisibilityTimeout": "180"})["QueueUrl"]
    assert Queues().depth(url).is_empty
    for delay in (0, 0, 0, 60):
        client.send_message(QueueUrl=url, MessageBody="body", DelaySeconds=delay)
    client.receive_message(QueueUrl=url)
    depth = Queues().depth(url)
    assert (depth.waiting_count, depth.in_flight_count, depth.delayed_count) == (2, 1, 1)
    assert not depth.is_empty
    with pytest.raises(QueueUnavailable):
        Queues().depth(url + "-elsewhere")


@pytest.mark.usefixtures("aws")
def test_a_missing_queue_is_reported_as_unavailable() -> None:
    """The client reports success only when SQS accepted the message."""
    with pytest.raises(QueueUnavailable):
        Queues().send("https://sqs.eu-central-1.amazonaws.com/123456789012/none", "body")


@pytest.mark.usefixtures("aws")
def test_a_published_message_is_delivered_with_its_subject() -> None:
    """SNS delivers the message to the subscriber, a queue in this test."""
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="digests")["TopicArn"]
    url = sqs.create_queue(QueueName="reader")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-central-1:123456789012:reader")
    assert Topics().publish(topic, "5 new dead letters", "5  spool  poisoned")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    delivered = json.loads(message["Body"])
    assert (delivered["Subject"], delivered["Message"]) == ("5 new dead letters", "5  spool  poisoned")


@pytest.mark.usefixtures("aws")
def test_a_missing_topic_is_reported_as_unavailable() -> None:
    """The client reports success only when SNS accepted the message."""
    with pytest.raises(TopicUnavailable):
        Topics().publish("arn:aws:sns:eu-central-1:123456789012:none", "subject", "message")
