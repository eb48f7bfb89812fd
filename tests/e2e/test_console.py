"""The operations console in a real browser, on the deployed stack."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.e2e.browser import LIVE, PHONE_WIDTH, Console
from tests.e2e.cloud import Cloud
from tests.e2e.console_fakes import HOSTILE, have_measured
from tests.e2e.people import Api
from tests.e2e.test_dead_letters import OrganisationFixture
from tests.e2e.test_faults import outage
from workbench.stack.local import LocalStack
from workbench.stack.state import StackState

VIEWS = ("overview", "dead-letters", "replays", "jobs", "organisation")
SOON_SECONDS = 15
NUMBERS = "Objectives"


@pytest.fixture(scope="module")
def owner(api: Api, cloud: Cloud) -> OrganisationFixture:
    """An organisation with two dead letters; health has been measured."""
    have_measured(cloud)
    kept = OrganisationFixture(api, cloud)
    kept.refuse(2)
    return kept


@pytest.fixture(scope="module")
def warm(browser: Browser, state: StackState, owner: OrganisationFixture) -> None:
    """Functions that serve the page have started, so that tests wait for what they are about."""
    with Console.of(browser, state.http_url) as console:
        console.sign_in(owner.sender)
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


def test_signs_in_and_follows_health_live(console: Console, owner: OrganisationFixture, state: StackState) -> None:
    """A pasted token opens the page, stays in its tab alone, and is gone after signing out."""
    console.sign_in(owner.sender)
    console.expect_line(LIVE)
    page = console.page
    expect(page.get_by_role("heading", name=NUMBERS)).to_be_visible()
    expect(page.locator("#charts svg[role=img]").first).to_have_attribute("aria-label", re.compile("progress now"))
    assert owner.sender.token not in page.url
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    assert console.origins == {state.aws_endpoint_url}
    page.get_by_text("Signed in").click()
    expect(page.locator("#session")).to_contain_text("admin:write")
    expect(page.locator("#session")).to_contain_text(str(owner.org_id))

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token", exact=True)).to_be_focused()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_token_that_is_none_or_is_refused_says_so(console: Console, owner: OrganisationFixture) -> None:
    """Text that is no token is refused at once; a token that the API refuses leads back here, with the code."""
    console.open()
    page = console.page
    page.get_by_label("Token", exact=True).fill("nonsense")
    page.get_by_role("button", name="Sign in with this token").click()
    expect(page.locator("#sign-in-problem")).to_contain_text("three parts")
    head, claims, _ = owner.sender.token.split(".")
    page.get_by_label("Token", exact=True).fill(f"{head}.{claims}.{'A' * 43}")
    page.get_by_role("button", name="Sign in with this token").click()
    expect(page.locator("#sign-in-problem")).to_contain_text("token_invalid")


def test_what_a_token_does_not_allow_is_said(console: Console, api: Api, owner: OrganisationFixture) -> None:
    """A learner sees the status alone; who may only look finds its buttons off, and why."""
    console.sign_in(api.learner(owner.org_id))
    console.expect_line(LIVE)
    console.expect_status("ok")
    expect(console.page.get_by_role("heading", name=NUMBERS)).to_be_hidden()
    console.see("replays")
    expect(console.page.locator("#replay-why")).to_contain_text("Needs the scope admin:write")
    expect(console.page.get_by_role("button", name="Start")).to_be_disabled()


def test_an_outage_is_shown_within_seconds(
    console: Console, owner: OrganisationFixture, stack: LocalStack, state: StackState
) -> None:
    """PostgreSQL stops: down, why, and what to do, over the socket; it starts: the status returns by itself."""
    console.sign_in(owner.sender)
    console.expect_line(LIVE)
    console.expect_status("ok", seconds=60)
    with outage(stack, state, "fast"):
        console.expect_status("down", seconds=SOON_SECONDS)
        reasons = console.page.get_by_role("list", name="Reasons")
        expect(reasons).to_contain_text("database_unreachable")
        expect(reasons).to_contain_text("docs/runbooks/database-outage.md")
        expect(console.page.locator("#said-status")).to_contain_text("Down")
        console.expect_line(LIVE)
        console.picture("outage", after_seconds=8)
        console.see("jobs")
        expect(console.page.locator("#jobs-problem")).to_contain_text("store_unavailable")
        console.see("overview")
    console.expect_status("ok", seconds=60)
    expect(console.page.locator("#transitions")).to_contain_text("down → ok")


def test_dead_letters_are_redriven_by_keyboard_alone(
    console: Console, owner: OrganisationFixture, database: Any
) -> None:
    """Look, select, dry run, redrive, result per message: without a mouse, and hostile texts stay texts."""
    owner.await_states("open", "open")
    console.sign_in(owner.sender, "dead-letters")
    page = console.page
    expect(page.locator("#groups")).to_contain_text("store refused")

    console.tab_to("#groups button")
    console.press("Enter")
    expect(page.locator("#letters-title")).to_be_focused()
    console.tab_to("#select-all")
    console.press("Space")
    expect(page.locator("#letters-actions")).to_contain_text("2 selected")
    console.picture("dead-letters")
    console.press("Shift+Tab", "Shift+Tab", "Enter")  # past Discard, back to Redrive
    expect(page.get_by_role("dialog")).to_be_visible()
    console.tab_to("#reason")
    page.keyboard.type(HOSTILE)
    console.press("Enter")
    expect(page.locator("#redrive-outcome")).to_contain_text("Would redrive 2")
    expect(page.locator("#redrive-now")).to_be_focused()
    assert owner.states() == ["open", "open"]

    console.press("Enter")
    outcome = page.locator("#redrive-outcome")
    expect(outcome).to_contain_text("Redriven 2, stored 2, failed again 0", timeout=60_000)
    assert outcome.locator("tbody tr").count() == 2
    console.press("Escape")
    expect(page.locator("#letters-title")).to_be_focused()
    assert owner.states() == ["resolved", "resolved"]
    assert len(database.analytics_ids(owner.org_id)) == 6

    page.get_by_label("State").select_option("resolved")
    page.locator("#groups button").first.click()
    page.get_by_role("button", name=re.compile("Look at message")).first.click()
    expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
    assert page.locator("#dialog img").count() == 0


def test_a_replay_is_started_and_watched(console: Console, owner: OrganisationFixture) -> None:
    """A dry run over today is asked for in the page, and ends in its list."""
    console.sign_in(owner.sender, "replays")
    page = console.page
    page.get_by_label("Reason").fill("to see what it would do")
    page.get_by_role("button", name="Start").click()
    row = page.locator("#replay-list tbody tr").first
    expect(row).to_contain_text("dry run")
    expect(row).to_contain_text("done", timeout=60_000)


def test_every_view_is_accessible_in_light_dark_and_on_a_phone(console: Console, owner: OrganisationFixture) -> None:
    """Axe finds nothing, and on 320 pixels nothing scrolls sideways."""
    found: dict[str, list[str]] = {}
    page = console.page
    console.open()
    found["sign-in"] = violations(console)
    console.sign_in(owner.sender)
    console.expect_line(LIVE)
    for view in VIEWS:
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 900})
        console.see(view)
        found[f"{view}, light"] = violations(console)
        if view == "overview":
            console.picture("overview-light", after_seconds=45)
        page.emulate_media(color_scheme="dark")
        if view == "overview":
            console.picture("overview-dark")
        page.set_viewport_size({"width": PHONE_WIDTH, "height": 700})
        found[f"{view}, dark, phone"] = violations(console)
        if view == "overview":
            console.picture("phone")
        assert console.scroll_width == PHONE_WIDTH, view
    assert {view: wrong for view, wrong in found.items() if wrong} == {}


def test_each_view_takes_the_keyboard_along(console: Console, owner: OrganisationFixture) -> None:
    """A view that is opened has the focus on its heading."""
    console.sign_in(owner.sender)
    console.page.locator("nav a[href='#jobs']").focus()
    console.press("Enter")
    expect(console.page.locator("#jobs-title")).to_be_focused()
    expect(console.page.locator("#jobs-table")).to_contain_text("watchdog")
