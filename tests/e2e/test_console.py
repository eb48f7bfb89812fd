"""The operations console in a real browser, on the deployed stack."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Route, WebSocketRoute, expect

from tests.e2e.browser import LIVE, PHONE_WIDTH, Console
from tests.e2e.cloud import Cloud
from tests.e2e.patience import await_until
from tests.e2e.people import Api, Sender
from tests.e2e.test_dead_letters import Ward
from tests.e2e.test_faults import outage
from workbench.stack.local import LocalStack
from workbench.stack.state import StackState

VIEWS = ("overview", "dead-letters", "replays", "jobs", "organisation")
HOSTILE = "<img src=x onerror=alert(1)>"
SOON_SECONDS = 15
NUMBERS = "Objectives"


@pytest.fixture(scope="module")
def ward(api: Api, cloud: Cloud) -> Ward:
    """An organisation with two dead letters; health has been measured."""
    signal = {"seen": "database_reachable", "seen_at": datetime.now(UTC).isoformat(), "service": "e2e"}
    cloud.put("signal", json.dumps(signal))
    kept = Ward(api, cloud)
    kept.refuse(2)
    return kept


@pytest.fixture(scope="module")
def warm(browser: Browser, state: StackState, ward: Ward) -> None:
    """Functions that serve the page have started, so that tests wait for what they are about."""
    with Console.of(browser, state.http_url) as console:
        console.sign_in(ward.sender)
        console.expect_line(LIVE, seconds=90)


@pytest.fixture
def console(browser: Browser, state: StackState, warm: None) -> Iterator[Console]:
    """A tab on the console, which must not complain of anything."""
    with Console.of(browser, state.http_url) as opened:
        yield opened


def violations(console: Console) -> list[str]:
    """Return what axe finds wrong with the page as it is: the rule, and where."""
    found = Axe().run(console.page).response["violations"]
    return [f"{rule['id']} {[node['target'] for node in rule['nodes']]}" for rule in found]


def test_the_page_is_protected_and_revalidated(api: Api, state: StackState) -> None:
    """A strict policy, nothing from elsewhere, and an unchanged file is not sent twice."""
    page = api.http.get("/console")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    socket_origin = state.aws_endpoint_url.replace("http", "ws", 1)
    assert f"connect-src 'self' {socket_origin};" in policy
    assert (page.headers["X-Content-Type-Options"], page.headers["Referrer-Policy"]) == ("nosniff", "no-referrer")

    script = api.http.get("/console/app.js")
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    again = api.http.get("/console/app.js", headers={"If-None-Match": script.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert api.http.get("/console/app.py").status_code == 404
    assert api.http.post("/console").status_code == 405


def test_signs_in_and_follows_health_live(console: Console, ward: Ward, state: StackState) -> None:
    """A pasted token opens the page, stays in its tab alone, and is gone after signing out."""
    console.sign_in(ward.sender)
    console.expect_line(LIVE)
    page = console.page
    expect(page.get_by_role("heading", name=NUMBERS)).to_be_visible()
    expect(page.locator("#charts svg[role=img]").first).to_have_attribute("aria-label", re.compile("progress now"))
    assert ward.sender.token not in page.url
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    assert console.origins == {state.aws_endpoint_url}
    page.get_by_text("Signed in").click()
    expect(page.locator("#session")).to_contain_text("admin:write")
    expect(page.locator("#session")).to_contain_text(str(ward.org_id))

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token", exact=True)).to_be_focused()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_token_that_is_none_or_is_refused_says_so(console: Console, ward: Ward) -> None:
    """What is no token is told at once; one that the API refuses brings back here, with the code."""
    console.open()
    page = console.page
    page.get_by_label("Token", exact=True).fill("nonsense")
    page.get_by_role("button", name="Sign in with this token").click()
    expect(page.locator("#sign-in-problem")).to_contain_text("three parts")
    head, claims, _ = ward.sender.token.split(".")
    page.get_by_label("Token", exact=True).fill(f"{head}.{claims}.{'A' * 43}")
    page.get_by_role("button", name="Sign in with this token").click()
    expect(page.locator("#sign-in-problem")).to_contain_text("token_invalid")


def test_what_a_token_does_not_allow_is_said(console: Console, api: Api, ward: Ward) -> None:
    """A learner sees the status alone; who may only look finds its buttons off, and why."""
    console.sign_in(api.learner(ward.org_id))
    console.expect_line(LIVE)
    console.expect_status("ok")
    expect(console.page.get_by_role("heading", name=NUMBERS)).to_be_hidden()
    console.see("replays")
    expect(console.page.locator("#replay-why")).to_contain_text("Needs the scope admin:write")
    expect(console.page.get_by_role("button", name="Start")).to_be_disabled()


def test_an_outage_is_shown_within_seconds(console: Console, ward: Ward, stack: LocalStack, state: StackState) -> None:
    """PostgreSQL stops: down, why, and what to do, over the socket; it starts: the status returns by itself."""
    console.sign_in(ward.sender)
    console.expect_line(LIVE)
    console.expect_status("ok", seconds=60)
    with outage(stack, state, "fast"):
        console.expect_status("down", seconds=SOON_SECONDS)
        reasons = console.page.get_by_role("list", name="Reasons")
        expect(reasons).to_contain_text("database_unreachable")
        expect(reasons).to_contain_text("docs/runbooks/database-outage.md")
        expect(console.page.locator("#announcer")).to_contain_text("Down")
        console.expect_line(LIVE)
        console.see("jobs")
        expect(console.page.locator("#jobs-problem")).to_contain_text("store_unavailable")
        console.see("overview")
    console.expect_status("ok", seconds=60)
    expect(console.page.locator("#transitions")).to_contain_text("down → ok")


def test_dead_letters_are_redriven_by_keyboard_alone(console: Console, ward: Ward, database: Any) -> None:
    """Look, select, dry run, redrive, result per message: without a mouse, and hostile texts stay texts."""
    ward.await_states("open", "open")
    console.sign_in(ward.sender, "dead-letters")
    page = console.page
    expect(page.locator("#groups")).to_contain_text("store refused")

    console.tab_to("#groups button")
    console.press("Enter")
    expect(page.locator("#letters-title")).to_be_focused()
    console.tab_to("#letters thead input")
    console.press("Space")
    expect(page.locator("#letters-actions")).to_contain_text("2 selected")
    console.press("Shift+Tab", "Shift+Tab", "Enter")  # past Discard, back to Redrive
    expect(page.get_by_role("dialog")).to_be_visible()
    console.tab_to("#reason")
    page.keyboard.type(HOSTILE)
    console.press("Enter")
    expect(page.locator("#redrive-outcome")).to_contain_text("Would put back 2")
    expect(page.locator("#redrive-now")).to_be_focused()
    assert ward.states() == ["open", "open"]

    console.press("Enter")
    outcome = page.locator("#redrive-outcome")
    expect(outcome).to_contain_text("Put back 2, stored 2, failed again 0", timeout=60_000)
    assert outcome.locator("tbody tr").count() == 2
    console.press("Escape")
    expect(page.locator("#letters-title")).to_be_focused()
    assert ward.states() == ["resolved", "resolved"]
    assert len(database.analytics_ids(ward.org_id)) == 6

    page.get_by_label("State").select_option("resolved")
    page.locator("#groups button").first.click()
    page.get_by_role("button", name=re.compile("Look at message")).first.click()
    expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
    assert page.locator("#dialog img").count() == 0


def test_discarding_asks_twice(console: Console, api: Api, cloud: Cloud, ward: Ward) -> None:
    """How many would be given up is said, and confirmed, before any is. Backlog is called by its name."""
    console.sign_in(ward.sender, "dead-letters")
    page = console.page
    letter = _made_up_letter(str(ward.org_id))
    page.route(re.compile(r"/api/admin/dead-letters\?"), lambda route: route.fulfill(json=letter))
    asked: list[dict[str, Any]] = []

    def answer(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or "{}"))
        if asked[-1]["dry_run"]:
            return route.fulfill(json={"dry_run": True, "discarded": 1, "remaining": 0})
        problem = {"code": "backlog_exceeded", "detail": "Too much waits.", "request_id": "request-17"}
        return route.fulfill(status=503, headers={"Retry-After": "30"}, json=problem)

    page.route("**/api/admin/dead-letters/discard", answer)
    page.get_by_role("button", name="Refresh").click()
    page.get_by_role("button", name=re.compile("Messages of poisoned")).click()
    expect(page.locator("#letters")).to_contain_text("open")
    expect(page.locator("#groups")).to_contain_text(HOSTILE)
    assert page.locator("main img").count() == 0
    page.get_by_role("button", name="Discard…").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("empty messages of a test")
    page.get_by_role("button", name="Count them").click()
    expect(page.locator("#discard-now")).to_be_disabled()
    page.get_by_label(re.compile("I have looked at them")).check()
    page.locator("#discard-now").click()
    problem = page.get_by_role("dialog").get_by_role("alert")
    expect(problem).to_contain_text("Held back on purpose")
    expect(problem).to_contain_text("Try again in 30 s.")
    expect(problem).to_contain_text("request-17")
    assert [order["dry_run"] for order in asked] == [True, False]


def _made_up_letter(org_id: str) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    shared = {
        "queue": "spool", "cause": "poisoned", "error_code": HOSTILE, "state": "open",
        "first_failed_at": now, "last_failed_at": now,
    }  # fmt: skip
    group = {**shared, "letter_count": 1, "event_count": 0}
    letter = {**shared, "org_id": org_id, "dead_letter_id": str(uuid4()), "failure_count": 1, "event_count": 0}
    return {"groups": [group], "dead_letters": [letter]}


def test_a_replay_is_started_and_watched(console: Console, ward: Ward) -> None:
    """A dry run over today is asked for in the page, and ends in its list."""
    console.sign_in(ward.sender, "replays")
    page = console.page
    page.get_by_label("Reason").fill("to see what it would do")
    page.get_by_role("button", name="Start").click()
    row = page.locator("#replay-list tbody tr").first
    expect(row).to_contain_text("dry run")
    expect(row).to_contain_text("done", timeout=60_000)


def test_without_a_socket_it_polls_and_says_so(console: Console, ward: Ward) -> None:
    """Where sockets are blocked, the numbers come by polling, and the page says which of the two it is."""
    console.page.route_web_socket(re.compile("/live"), lambda socket: socket.close())
    console.sign_in(ward.sender)
    console.expect_line("Polling every 1 s: the socket was closed.")
    console.expect_status("ok")
    expect(console.page.get_by_role("heading", name=NUMBERS)).to_be_visible()


class FakeSocket:
    """Answers the page in the place of the API: a sequence of messages, and what the page said."""

    def __init__(self, console: Console) -> None:
        self.heard: list[Any] = []
        self.opened: list[WebSocketRoute] = []
        self.sequence = 5
        console.page.route_web_socket(re.compile("/live"), self._open)

    def _open(self, socket: WebSocketRoute) -> None:
        self.opened.append(socket)
        socket.on_message(lambda text: self._answer(socket, text))

    def _answer(self, socket: WebSocketRoute, text: str | bytes) -> None:
        self.heard.append(json.loads(text))
        self.say("health.snapshot", sequence=self.sequence, health={"status": "ok"}, organisations={}, socket=socket)

    def say(self, kind: str, socket: WebSocketRoute | None = None, **members: Any) -> None:
        """Send the page a message, on the latest of its sockets unless another is named."""
        advice = {"flush_interval_ms": 0, "batch_size": 100, "pause_until": None}
        message = {"type": kind, "sent_at": datetime.now(UTC).isoformat(), "advice": advice, **members}
        (socket or self.opened[-1]).send(json.dumps(message))


def test_a_gap_in_the_sequence_is_noticed(console: Console, ward: Ward) -> None:
    """A patch is applied; one that follows on another than the page's own makes it ask for a snapshot again."""
    socket = FakeSocket(console)
    console.sign_in(ward.sender)
    console.expect_status("ok")
    socket.say("health.delta", sequence=6, previous=5, patch={"status": "degraded"}, organisations={})
    console.expect_status("degraded")
    assert len(socket.heard) == 1
    socket.sequence = 9
    socket.say("health.delta", sequence=9, previous=8, patch={"status": "down"}, organisations={})
    console.expect_status("ok")  # as the second snapshot says
    assert socket.heard == [{"action": "subscribe"}] * 2


def test_a_silent_socket_is_left_for_another(console: Console, ward: Ward) -> None:
    """No heartbeat for three intervals: the page closes the socket and opens the next."""
    _configure(console, health_stream_interval_ms=500)
    socket = FakeSocket(console)
    console.sign_in(ward.sender)
    console.expect_line(LIVE)
    await_pages(console, lambda: len(socket.opened) >= 2)
    console.expect_line(LIVE)


def test_signs_in_at_an_identity_provider(console: Console, ward: Ward) -> None:
    """Authorisation code with PKCE: the verifier fits its challenge, state and nonce are checked, no code is left."""
    provider = FakeProvider(console, ward.sender)
    console.open()
    console.page.get_by_role("button", name="Sign in with your identity provider").click()
    console.expect_line(LIVE)
    assert provider.redeemed["code"] == ["code-1"]
    assert provider.challenge == provider.challenge_of(provider.redeemed["code_verifier"][0])
    assert console.page.url.split("#")[0] == console.url

    console.page.get_by_role("button", name="Sign out").click()
    console.page.goto(f"{console.url}?code=stolen&state=of-somebody-else")
    expect(console.page.locator("#sign-in-problem")).to_contain_text("belongs to no sign-in of this tab")


def test_every_view_is_accessible_in_light_dark_and_on_a_phone(console: Console, ward: Ward) -> None:
    """Axe finds nothing, and on 320 pixels nothing scrolls sideways."""
    found: dict[str, list[str]] = {}
    page = console.page
    console.open()
    found["sign-in"] = violations(console)
    console.sign_in(ward.sender)
    console.expect_line(LIVE)
    for view in VIEWS:
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 900})
        console.see(view)
        found[f"{view}, light"] = violations(console)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": PHONE_WIDTH, "height": 700})
        found[f"{view}, dark, phone"] = violations(console)
        assert console.scroll_width == PHONE_WIDTH, view
    assert {view: wrong for view, wrong in found.items() if wrong} == {}


def test_the_skip_link_and_each_view_take_the_keyboard_along(console: Console, ward: Ward) -> None:
    """Skipping leads into the content, and a view that is opened has the focus on its heading."""
    console.sign_in(ward.sender)
    console.page.locator(".skip").focus()
    console.press("Enter")
    expect(console.page.locator("#main")).to_be_focused()
    expect(console.page.locator("#overview")).to_be_visible()
    console.page.locator("nav a[href='#jobs']").focus()
    console.press("Enter")
    expect(console.page.locator("#jobs-title")).to_be_focused()
    expect(console.page.locator("#jobs-table")).to_contain_text("watchdog")


def await_pages(console: Console, condition: Callable[[], bool]) -> None:
    """Wait until the page has made a condition true: what it sends is heard only while the page is waited for."""

    def looked() -> bool:
        console.page.wait_for_timeout(50)
        return condition()

    await_until(looked, "the page does so")


def _configure(console: Console, **changes: Any) -> None:
    """Let the page be told another configuration."""

    def answer(route: Route) -> None:
        told = route.fetch()
        route.fulfill(response=told, json={**told.json(), **changes})

    console.page.route("**/console/config.json", answer)


class FakeProvider:
    """An identity provider, at the page's own origin, since its policy lets it reach no other."""

    def __init__(self, console: Console, sender: Sender) -> None:
        self.challenge = ""
        self.redeemed: dict[str, list[str]] = {}
        self._nonce = ""
        self._token = sender.token
        self._url = f"{console.url}-provider"
        _configure(console, oidc={"authority": self._url, "client_id": "console"})
        endpoints = {"authorization_endpoint": f"{self._url}/authorize", "token_endpoint": f"{self._url}/token"}
        discovery = f"{self._url}/.well-known/openid-configuration"
        console.page.route(discovery, lambda route: route.fulfill(json=endpoints))
        console.page.route(re.compile(re.escape(endpoints["authorization_endpoint"])), self._authorise)
        console.page.route(endpoints["token_endpoint"], self._redeem)

    @staticmethod
    def challenge_of(verifier: str) -> str:
        """Return S256 of a verifier (RFC 7636)."""
        return base64url(hashlib.sha256(verifier.encode()).digest())

    def _authorise(self, route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])
        self.challenge, self._nonce = asked["code_challenge"][0], asked["nonce"][0]
        back = f"{asked['redirect_uri'][0]}?{urlencode({'code': 'code-1', 'state': asked['state'][0]})}"
        route.fulfill(status=302, headers={"Location": back})

    def _redeem(self, route: Route) -> None:
        self.redeemed = parse_qs(route.request.post_data or "")
        told = base64url(json.dumps({"nonce": self._nonce}).encode())
        route.fulfill(json={"access_token": self._token, "id_token": f"{told}.{told}.{told}"})


def base64url(content: bytes) -> str:
    """Return bytes as tokens have them."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
