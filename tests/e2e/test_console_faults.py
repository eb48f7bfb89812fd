"""The operations console when others do not answer as they should: sockets, the API, an identity provider."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain, repeat
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.browser import LIVE, Console
from tests.e2e.cloud import Cloud
from tests.e2e.console_fakes import (
    COUNTED_AT,
    HOSTILE,
    FakeLetters,
    FakeProvider,
    FakeSocket,
    await_page,
    configure,
    have_measured,
)
from tests.e2e.people import Api, Sender
from workbench.stack.state import StackState

NUMBERS = "Objectives"


@pytest.fixture(scope="module")
def sender(api: Api, cloud: Cloud) -> Sender:
    """An administrator of two organisations; health has been measured."""
    have_measured(cloud)
    return api.administrator(uuid4(), uuid4(), scope="admin:write")


@pytest.fixture
def console(browser: Browser, state: StackState) -> Iterator[Console]:
    """A tab on the console, which must not complain of anything."""
    with Console.of(browser, state.http_url) as opened:
        yield opened


def test_without_a_socket_it_polls_and_says_so(console: Console, sender: Sender) -> None:
    """Where sockets are blocked, the numbers come by polling, and the page says which of the two it is."""
    console.page.route_web_socket(re.compile("/live"), lambda socket: socket.close())
    console.sign_in(sender)
    console.expect_line("Polling every 1 s: the socket was closed.")
    expect(console.page.get_by_role("heading", name=NUMBERS)).to_be_visible()


def test_a_gap_in_the_sequence_is_noticed(console: Console, sender: Sender) -> None:
    """A patch is applied; one that follows on another than the page's own makes it ask for a snapshot again."""
    socket = FakeSocket(console)
    console.sign_in(sender)
    console.expect_status("ok")
    socket.say("health.delta", sequence=6, previous=5, patch={"status": "degraded"}, organisations={})
    console.expect_status("degraded")
    assert len(socket.heard) == 1
    socket.sequence = 9
    socket.say("health.delta", sequence=9, previous=8, patch={"status": "down"}, organisations={})
    console.expect_status("ok")  # as the second snapshot says
    assert socket.heard == [{"action": "subscribe"}] * 2


def test_an_organisation_that_went_takes_nothing_along(console: Console, sender: Sender) -> None:
    """In an outage nothing is known of an organisation: its null removes it, and the status is shown all the same."""
    socket = FakeSocket(console)
    org_id = str(sender.org_ids[0])
    socket.health = {"status": "ok", "slos": {}, "reasons": []}
    socket.organisations = {org_id: {"received_count": 35}}
    console.sign_in(sender, "organisation")
    expect(console.page.locator("#organisation-numbers")).to_contain_text("35")
    patch = {"status": "down", "reasons": ["health_stale"]}
    socket.say("health.delta", sequence=6, previous=5, patch=patch, organisations={org_id: None})
    expect(console.page.locator("#organisation-numbers")).to_contain_text("No numbers of this organisation yet")
    console.see("overview")
    console.expect_status("down")
    expect(console.page.get_by_role("list", name="Reasons")).to_contain_text("docs/runbooks/health-is-silent.md")


def test_a_silent_socket_is_left_for_another(console: Console, sender: Sender) -> None:
    """No heartbeat for three intervals: the page closes the socket and opens the next."""
    configure(console, health_stream_interval_ms=500)
    socket = FakeSocket(console)
    console.sign_in(sender)
    console.expect_line(LIVE)
    await_page(console, lambda: len(socket.opened) >= 2)
    console.expect_line(LIVE)


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (
            {"type": "problem", "code": "health_unknown", "detail": "Later.", "retry_after_seconds": 3},
            "no current numbers",
        ),
        ({"message": "Internal server error", "requestId": "1"}, "did not answer"),
    ],
)
def test_a_refusal_on_the_socket_confirms_nothing(
    console: Console, sender: Sender, refusal: dict[str, object], said: str
) -> None:
    """The page polls as long as the socket has no numbers, says why, and asks it again."""
    socket = FakeSocket(console)
    socket.refusals = [refusal]
    console.sign_in(sender)
    console.expect_line("Polling every 1 s")
    console.expect_line(said)
    console.expect_line(LIVE)
    assert (len(socket.opened), len(socket.heard)) == (1, 2)


def test_discarding_asks_twice(console: Console, sender: Sender) -> None:
    """The page shows the number of messages and asks before it discards any. It names a backlog as the reason."""
    letters = FakeLetters(console)
    console.sign_in(sender, "dead-letters")
    page = console.page
    page.get_by_role("button", name=re.compile("Messages of poisoned <img")).click()
    expect(page.locator("#letters")).to_contain_text("open")
    expect(page.locator("#groups")).to_contain_text(HOSTILE)
    assert page.locator("main img").count() == 0
    page.get_by_role("button", name="Discard…").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("empty messages of a test")
    page.get_by_role("button", name="Count them").click()
    expect(page.locator("#discard-now")).to_be_disabled()
    expect(page.locator("#discard-now")).to_have_text("Discard 12,000 for good")
    page.get_by_label(re.compile("I have looked at them")).check()
    page.locator("#discard-now").click()
    problem = page.get_by_role("dialog").get_by_role("alert")
    expect(problem).to_contain_text("Refused on purpose")
    expect(problem).to_contain_text("Try again in 30 s.")
    expect(problem).to_contain_text("request-17")
    assert [(order["dry_run"], order.get("until")) for order in letters.asked] == [(True, None), (False, COUNTED_AT)]


def test_a_redrive_is_of_what_was_chosen_and_can_be_come_back_to(console: Console, sender: Sender) -> None:
    """All open ones are sent as such; a refusal ends no watching, and a closed dialog is opened again."""
    letters = FakeLetters(console)
    letters.states = chain(["done", 503], repeat("running"))
    console.sign_in(sender, "dead-letters")
    page = console.page
    page.get_by_role("button", name=re.compile("not_utf8")).click()
    page.get_by_label("Select all shown").check()
    page.get_by_role("button", name="Redrive…").click()
    page.get_by_label("All 2 open ones: poisoned in spool, of 2 codes").check()
    page.get_by_role("dialog").get_by_label("Reason").fill("the cause is mended")
    page.get_by_role("button", name="Dry run").click()
    page.locator("#redrive-now").click()
    expect(page.locator("#redrive-cancel")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Watch it…").click()
    expect(page.locator("#redrive-cancel")).to_be_visible()
    assert [order["selection"] for order in letters.asked] == [{"cause": "poisoned", "queue": "spool"}] * 2


def test_what_was_asked_before_signing_out_is_over(console: Console, sender: Sender) -> None:
    """A refusal that comes late is of the session before, and does not end the next one."""
    held: list[Route] = []
    console.page.route("**/api/socket/tickets", lambda route: route.continue_() if held else held.append(route))
    console.sign_in(sender)
    await_page(console, lambda: bool(held))
    console.page.get_by_role("button", name="Sign out").click()
    console.page.get_by_label("Token", exact=True).fill(sender.token)
    console.page.get_by_role("button", name="Sign in with this token").click()
    console.expect_line(LIVE)
    held[0].fulfill(status=401, json={"code": "token_invalid", "detail": "It is not good."})
    console.page.wait_for_timeout(300)
    console.expect_line(LIVE)


def test_the_skip_link_and_the_chooser_keep_to_the_view(console: Console, sender: Sender) -> None:
    """Skipping into the content leaves the view as it is; another organisation's dead letters are asked for then."""
    console.sign_in(sender, "dead-letters")
    page = console.page
    page.locator(".skip").focus()
    console.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator("#dead-letters")).to_be_visible()
    other = str(sender.org_ids[1])
    with page.expect_request(re.compile(f"/api/admin/dead-letters.*org_id={other}")):
        page.locator("#organisation-choice").select_option(other)


def test_a_token_that_ends_soon_is_told_of(console: Console, sender: Sender, api: Api) -> None:
    """Two minutes before the end, so that a person can finish the work at hand."""
    ending = api.signer.sign(
        "1", sender.org_ids, role="service", scopes=["admin:read"], lifetime=timedelta(seconds=100)
    )
    console.sign_in(replace(sender, token=ending))
    expect(console.page.locator("header .expiry")).to_contain_text("Your token expires at")


def test_without_its_settings_the_page_can_be_tried_again(console: Console, sender: Sender) -> None:
    """The first answer is a refusal: it is shown, with a way to ask again, and a token can be tried at once."""
    page = console.page
    page.route("**/console/config.json", lambda route: route.fulfill(status=503, json={"message": "Busy"}), times=1)
    console.open()
    expect(page.locator("#sign-in-problem")).to_contain_text("http_503")
    expect(page.get_by_label("Token", exact=True)).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#sign-in-problem")).to_be_empty()
    expect(page.locator("#place")).not_to_be_empty()


def test_signs_in_at_an_identity_provider(console: Console, sender: Sender) -> None:
    """Authorisation code with PKCE: the verifier fits, no code is left; signing out ends the provider's session too."""
    provider = FakeProvider(console, sender)
    page = console.page
    console.open()
    page.get_by_role("button", name="Sign in with your identity provider").click()
    console.expect_line(LIVE)
    named = {name: provider.authorised[name] for name in ("scope", "audience", "resource")}
    assert named == {"scope": ["openid rollcall"], "audience": ["rollcall"], "resource": ["rollcall"]}
    assert provider.redeemed["code"] == ["code-1"]
    assert provider.challenge == provider.challenge_of(provider.redeemed["code_verifier"][0])
    assert page.url.split("#")[0] == console.url
    page.goto(f"{console.url}?code=stolen&state=of-somebody-else")
    console.expect_line(LIVE)  # a stray answer ends no session

    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token", exact=True)).to_be_visible()
    assert provider.left["client_id"] == ["console"]
    assert provider.left["id_token_hint"][0].count(".") == 2


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?code=stolen&state=of-somebody-else", "does not belong to a sign-in of this tab"),
        ("?error=invalid_scope", "refused: invalid_scope"),
    ],
)
def test_an_answer_of_no_sign_in_is_refused(console: Console, sender: Sender, query: str, said: str) -> None:
    """An answer without a request signs no one in, and the page shows an error also when it names no state."""
    FakeProvider(console, sender)
    console.page.goto(f"{console.url}{query}")
    expect(console.page.locator("#sign-in-problem")).to_contain_text(said)
    assert console.page.url == console.url


def test_a_token_of_another_issuer_is_refused(console: Console, sender: Sender) -> None:
    """The id token has to come from the provider, for this client."""
    provider = FakeProvider(console, sender)
    provider.issuer = "https://elsewhere.example"
    console.open()
    console.page.get_by_role("button", name="Sign in with your identity provider").click()
    expect(console.page.locator("#sign-in-problem")).to_contain_text("does not belong to a sign-in of this tab")
