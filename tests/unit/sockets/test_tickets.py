"""Tickets: each opens one socket, once, within seconds, from pages that are listed, for whom it was handed out."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rollcall import errors
from rollcall.cloud.socket_table import Tickets
from rollcall.cloud.table import Item
from rollcall.contracts.caller import Caller
from rollcall.edge.http import identity
from rollcall.edge.runtime import clock as runtime_clock
from rollcall.edge.wiring.sockets import tables as wiring_sockets

from functions.tickets import app
from tests.builders import NOW, caller
from tests.unit.fakes.api_gateway import Context, sample
from tests.unit.fakes.table import MemoryTable

ORIGINS = frozenset({"https://classroom.example", "http://127.0.0.1:4566"})


class Clock:
    """A moment that tests move."""

    now = NOW

    def __call__(self) -> Any:
        """Return it."""
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def tickets(table: MemoryTable, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Tickets:
    made = Tickets(table, ORIGINS, clock)  # type: ignore[arg-type]
    monkeypatch.setattr(wiring_sockets, "tickets", lambda: made)
    monkeypatch.setattr(runtime_clock, "now", clock)
    monkeypatch.setenv("SOCKET_URL", "wss://live.example/live")
    return made


def test_a_ticket_is_taken_once(tickets: Tickets) -> None:
    """It names whose it is, with organisations, scopes and expiry; after that it is nothing."""
    holder = caller(scopes=frozenset({"admin:read"}))
    ticket = tickets.issue(holder)
    assert tickets.take(ticket, None) == holder
    with pytest.raises(errors.InvalidTicket):
        tickets.take(ticket, None)


def test_tickets_are_not_guessed(tickets: Tickets, table: MemoryTable) -> None:
    """No two are alike, what is not one is refused, and the table has only hashes."""
    issued = {tickets.issue(caller()) for _ in range(20)}
    assert len(issued) == 20
    assert not any(ticket in str(table.items) for ticket in issued)
    for nonsense in ("", "x", "x" * 129, "\ud800", next(iter(issued)).swapcase()):
        with pytest.raises(errors.InvalidTicket):
            tickets.take(nonsense, None)


@pytest.mark.parametrize(("seconds", "is_good"), [(29, True), (30, False), (3000, False)])
def test_a_ticket_lasts_for_thirty_seconds(tickets: Tickets, clock: Clock, seconds: float, is_good: bool) -> None:
    """Whether or not the table has removed it by then."""
    ticket = tickets.issue(caller())
    clock.pass_seconds(seconds)
    if is_good:
        assert tickets.take(ticket, None)
    else:
        with pytest.raises(errors.InvalidTicket):
            tickets.take(ticket, None)


def test_a_ticket_ends_with_its_token(tickets: Tickets, clock: Clock) -> None:
    """A token that expires between the ticket and the door opens nothing."""
    ticket = tickets.issue(caller(expires_at=int(NOW.timestamp()) + 10))
    clock.pass_seconds(10)
    with pytest.raises(errors.InvalidTicket):
        tickets.take(ticket, None)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "https://classroom.example",
        "HTTPS://Classroom.Example",
        "https://classroom.example:443",
        "http://127.0.0.1:4566",
    ],
)
def test_a_listed_page_and_who_is_no_browser_may_connect(tickets: Tickets, origin: str | None) -> None:
    """Scheme and host whatever their case, ports that go without saying."""
    assert tickets.take(tickets.issue(caller()), origin)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "https://evil.example",
        "http://classroom.example",
        "https://classroom.example.evil.example",
        "https://classroom.example:8443",
        "https://classroom.example:99999999",
        "https://classroom.example@evil.example",
        "https://evil@classroom.example",
        "http://127.0.0.1",
        "https://[",
        "classroom.example",
    ],
)
def test_another_page_is_refused_and_the_ticket_is_spent(tickets: Tickets, origin: str) -> None:
    """A ticket that was presented from elsewhere gives no second try."""
    ticket = tickets.issue(caller())
    with pytest.raises(errors.OriginForbidden):
        tickets.take(ticket, origin)
    with pytest.raises(errors.InvalidTicket):
        tickets.take(ticket, "https://classroom.example")


def test_without_a_list_no_page_may_connect(table: MemoryTable, clock: Clock) -> None:
    """`null`, which is no origin, does not equal what is not listed."""
    tickets = Tickets(table, frozenset({"nonsense"}), clock)  # type: ignore[arg-type]
    for origin in ("null", "nonsense", "https://classroom.example"):
        with pytest.raises(errors.OriginForbidden):
            tickets.take(tickets.issue(caller()), origin)


def test_a_ticket_of_another_version_is_refused(tickets: Tickets, table: MemoryTable) -> None:
    """An unreadable id belongs to no caller, and no fault quotes it."""
    ticket = tickets.issue(caller())
    (item,) = table.of_kind("ticket")
    table.put(Item("ticket", item.id, {"subject": 5}, item.expires_at))
    with pytest.raises(errors.InvalidTicket):
        tickets.take(ticket, None)


def post_ticket(holder: Caller) -> tuple[int, dict[str, Any]]:
    event = sample("progress_batch.json") | {"routeKey": "POST /api/socket/tickets", "body": ""}
    event["requestContext"]["authorizer"]["lambda"] = identity.context_of(holder)
    answer = app.handler(event, Context())
    assert answer["headers"]["Cache-Control"] == "no-store"
    return answer["statusCode"], json.loads(answer["body"])


def connect(ticket: str, origin: str | None = "https://classroom.example") -> dict[str, Any]:
    event = sample("socket_authorizer.json")
    event["queryStringParameters"] = {"ticket": ticket}
    event["headers"]["Origin"] = origin
    if origin is None:
        del event["headers"]["Origin"]
    return app.handler(event, Context())


def effect(policy: dict[str, Any]) -> str:
    return str(policy["policyDocument"]["Statement"][0]["Effect"])


@pytest.mark.usefixtures("tickets")
def test_a_token_gets_a_ticket_that_opens_a_socket_as_its_bearer() -> None:
    """201 with the address; the connection has the context of the token, and its principal is no person's name."""
    holder = caller()
    status, ticket = post_ticket(holder)
    assert (status, ticket["expires_in_seconds"], ticket["url"]) == (201, 30, "wss://live.example/live")
    policy = connect(ticket["ticket"])
    assert effect(policy) == "Allow"
    assert policy["context"] == identity.context_of(holder)
    assert policy["principalId"] == "ticket"
    assert effect(connect(ticket["ticket"])) == "Deny"


@pytest.mark.usefixtures("tickets")
def test_an_expired_token_gets_no_ticket(table: MemoryTable) -> None:
    """401, and nothing is kept."""
    status, problem = post_ticket(caller(expires_at=int(NOW.timestamp())))
    assert (status, problem["code"]) == (401, "token_expired")
    assert not table.items


@pytest.mark.usefixtures("tickets")
def test_without_the_table_there_is_no_ticket_and_no_way_in(table: MemoryTable) -> None:
    """503 for a ticket; at the door neither yes nor no: the client comes back."""
    table.is_away = True
    status, problem = post_ticket(caller())
    assert (status, problem["code"]) == (503, "table_unavailable")
    with pytest.raises(errors.TableUnavailable):
        connect("x")


@pytest.mark.usefixtures("tickets")
def test_a_refusal_is_a_policy_without_a_context() -> None:
    """No ticket, a wrong one, a page that is not listed."""
    _, ticket = post_ticket(caller())
    for refused in (connect(""), connect("nonsense"), connect(ticket["ticket"], "https://evil.example")):
        assert effect(refused) == "Deny"
        assert refused["context"] == {}


@pytest.mark.usefixtures("tickets")
def test_no_ticket_and_nobody_is_in_a_log(logged: Callable[[], str]) -> None:
    """Neither the text of a ticket, nor its hash, nor whose it is."""
    _, good = post_ticket(caller())
    connect(good["ticket"])
    _, bad = post_ticket(caller())
    connect(bad["ticket"], "https://evil.example")
    lines = logged()
    assert '"message":"admitted"' in lines
    assert "origin_forbidden" in lines
    for secret in (good["ticket"], bad["ticket"], caller().subject, "evil.example", str(*caller().org_ids)):
        assert secret not in lines
