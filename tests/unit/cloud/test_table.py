"""Tables beside PostgreSQL, against DynamoDB as moto plays it, and the connections that calls are made over."""

import http.server
import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, ClassVar

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from rollcall.cloud import http_pool
from rollcall.cloud.json_service import JsonService, ServiceUnreachable
from rollcall.cloud.signature import AwsCredentials
from rollcall.cloud.socket_table import Connections
from rollcall.cloud.table import Item, Table
from rollcall.contracts.sockets.connection import Bearer, Connection, Deadline
from rollcall.errors import TableUnavailable

from tests.builders import NOW, caller
from tests.unit.cloud.test_cloud import serve
from tests.unit.fakes.table import MemoryTable

NAME, REGION = "sockets", "eu-central-1"


class DynamoDb(http.server.BaseHTTPRequestHandler):
    """Hands what it is asked to moto, and answers in DynamoDB's own form."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    client: ClassVar[Any]
    one_at_a_time = threading.Lock()

    def do_POST(self) -> None:
        """Answer one operation."""
        target, _, operation = self.headers["X-Amz-Target"].partition(".")
        assert target == "DynamoDB_20120810"
        assert self.headers["Content-Type"] == "application/x-amz-json-1.0"
        assert f"/{REGION}/dynamodb/aws4_request" in self.headers["Authorization"]
        members = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        call = getattr(self.client, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
        try:
            with self.one_at_a_time:
                answer = call(**members)
            self._send(200, answer)
        except ClientError as fault:
            name = f"com.amazonaws.dynamodb.v20120810#{fault.response['Error']['Code']}"
            self._send(400, {"__type": name})

    def _send(self, status: int, members: dict[str, Any]) -> None:
        body = json.dumps(members, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def credentials() -> AwsCredentials:
    return AwsCredentials("AKID", "secret", None)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with mock_aws():
        DynamoDb.client = boto3.client(
            "dynamodb", region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )
        DynamoDb.client.create_table(
            TableName=NAME,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("kind", "id")],
            KeySchema=[{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        )
        with serve(DynamoDb) as address:
            yield address


@pytest.fixture
def table(endpoint: str) -> Table:
    return Table(NAME, REGION, endpoint, credentials)


def test_an_item_is_read_as_it_was_put(table: Table) -> None:
    """Document, expiry and version; the latest one, and None where there is none."""
    item = Item("a", "1", {"text": "größe \U0001f600", "list": [1, 2.5, None]}, 1_900_000_000, 3)
    table.put(item)
    assert table.get("a", "1") == item
    table.put(Item("a", "1", {}))
    assert table.get("a", "1") == Item("a", "1", {}, None, 0)
    assert table.get("a", "2") is None
    assert table.get("b", "1") is None


def test_one_taker_alone_gets_an_item(table: Table) -> None:
    """Several callers take the item at once: one gets it, the others get None."""
    table.put(Item("taken", "1", {}))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: table.take("taken", "1"), range(8)))
    assert sum(item is not None for item in found) == 1
    assert table.get("taken", "1") is None


def test_the_next_version_is_written_once(table: Table) -> None:
    """The first wants that there is none, each further one the version before."""
    assert table.put_next(Item("v", "1", {"n": 1}, version=1))
    assert not table.put_next(Item("v", "1", {"n": 9}, version=1))
    assert table.put_next(Item("v", "1", {"n": 2}, version=2))
    assert not table.put_next(Item("v", "1", {"n": 9}, version=2))
    assert not table.put_next(Item("v", "1", {"n": 9}, version=9))
    assert table.get("v", "1") == Item("v", "1", {"n": 2}, None, 2)


def test_items_come_page_by_page_in_order(table: Table) -> None:
    """Each once, those of the kind alone, forwards and backwards."""
    for number in range(7):
        table.put(Item("page", f"{number}", {}))
    table.put(Item("pages", "8", {}))
    first = table.page("page", 3)
    assert ([item.id for item in first.items], first.next_id) == (["0", "1", "2"], "2")
    assert [item.id for item in table.page("page", 3, "2").items] == ["3", "4", "5"]
    assert table.page("page", 10, "5").next_id is None
    assert [item.id for item in table.page("page", 2, newest_first=True).items] == ["6", "5"]
    assert [item.id for item in table.all("page", 2)] == list("0123456")


def test_a_missing_or_unreachable_table_is_reported_as_unavailable(endpoint: str) -> None:
    """The table is missing, or no server listens."""
    with pytest.raises(TableUnavailable, match="ResourceNotFoundException"):
        Table("none", REGION, endpoint, credentials).get("a", "1")
    with pytest.raises(TableUnavailable):
        Table(NAME, REGION, "http://127.0.0.1:9", credentials).get("a", "1")


def test_subscribers_are_read_in_pages(table: Table) -> None:
    """A page has the subscribers whose token is valid; a connection with an unreadable item is marked to be closed."""
    connections = Connections(table, lambda: NOW)
    for number in range(5):
        bearer = Bearer.of(caller(expires_at=int(NOW.timestamp()) + (0 if number == 1 else 60)))
        connections.keep(Connection(connection_id=f"c{number}", bearer=bearer))
    table.put(Item("subscriber", "c5", {"another": "version"}, int(NOW.timestamp()) + 60))
    first = connections.page(3)
    assert ([live.connection_id for live in first.live], first.unreadable_ids) == (["c0", "c2"], ())
    last = connections.page(3, first.next_id)
    assert ([live.connection_id for live in last.live], last.unreadable_ids) == (["c3", "c4"], ("c5",))
    assert [live.connection_id for live in connections.all()] == ["c0", "c2", "c3", "c4"]
    connections.remove("c0", None)
    connections.remove("c0", None)
    assert [live.connection_id for live in connections.all()] == ["c2", "c3", "c4"]


def test_a_connection_without_subscription_is_read_only_after_its_token_expired(table: Table) -> None:
    """Neither a page nor a look costs more with each socket that only sends batches."""
    clock = NOW
    connections = Connections(table, lambda: clock)
    now = int(NOW.timestamp())
    deadlines = [Deadline(connection_id=f"d{number}", expires_at=now + number) for number in range(4)]
    for deadline in reversed(deadlines):
        connections.open(deadline)
    assert "d0" not in {live.connection_id for live in connections.all()}
    assert connections.overdue(10) == deadlines[:1]
    clock = NOW + timedelta(seconds=2)
    assert connections.overdue(10) == deadlines[:3]
    assert connections.overdue(2) == deadlines[:2]
    connections.remove("d0", now)
    connections.remove("d1", None)
    assert connections.overdue(10) == deadlines[1:3]


def test_the_table_in_memory_pages_as_the_real_one(table: Table) -> None:
    """Other tests use the table in memory, so it must page as DynamoDB does."""
    memory = MemoryTable()
    for held in (table, memory):
        for number in range(5):
            held.put(Item("alike", f"{number}", {}))
    for after in (None, "1", "4"):
        for newest_first in (False, True):
            real, fake = (held.page("alike", 2, after, newest_first=newest_first) for held in (table, memory))
            assert [item.id for item in real.items] == [item.id for item in fake.items]


class Counting(http.server.BaseHTTPRequestHandler):
    """Keeps its connections, and counts them; may close each after an answer without a word."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    opened = 0
    closes = False

    def setup(self) -> None:
        """Count."""
        type(self).opened += 1
        super().setup()

    def do_POST(self) -> None:
        """Answer nothing in particular."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
        self.close_connection = self.closes

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[JsonService]:
    monkeypatch.setattr(Counting, "opened", 0)
    with serve(Counting) as address:
        yield JsonService("a-service", "A", REGION, address, credentials)


def test_a_connection_is_kept_for_the_next_call(service: JsonService) -> None:
    """One for all that follow each other; as many as speak at once."""
    for _ in range(5):
        assert service.call("Do", {}).is_ok
    assert Counting.opened == 1
    with ThreadPoolExecutor(4) as pool:
        assert all(answer.is_ok for answer in pool.map(lambda _: service.call("Do", {}), range(40)))
    assert 1 <= Counting.opened <= 4


def test_a_connection_that_was_closed_meanwhile_is_replaced(
    service: JsonService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that meets a closed connection opens a new one and succeeds."""
    monkeypatch.setattr(Counting, "closes", True)
    for _ in range(3):
        assert service.call("Do", {}).is_ok
    assert Counting.opened == 3


def test_a_connection_is_not_used_after_a_long_rest(service: JsonService, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function may be frozen for hours between two calls: something on the way has forgotten it by then."""
    assert service.call("Do", {}).is_ok
    later = time.time() + http_pool.IDLE_SECONDS_MAX
    monkeypatch.setattr("rollcall.cloud.http_pool.time.time", lambda: later)
    assert service.call("Do", {}).is_ok
    assert Counting.opened == 2


def test_a_service_that_hangs_up_without_a_word_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new connection is tried once, not for ever."""
    monkeypatch.setattr(Counting, "opened", 0)
    monkeypatch.setattr(Counting, "do_POST", lambda self: setattr(self, "close_connection", True))
    with serve(Counting) as address, pytest.raises(ServiceUnreachable):
        JsonService("a-service", "A", REGION, address, credentials).call("Do", {})
    assert Counting.opened == 1
