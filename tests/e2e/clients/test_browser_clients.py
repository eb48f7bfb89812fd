"""Clients for browsers, unmodified, on a page of another origin, through real preflights and a line that fails."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.clients.flaky_proxy import Fault, FlakyProxy, every_other_fails, some_fail
from tests.e2e.clients.page_site import PageSite
from tests.e2e.database import Database
from tests.e2e.sites import PERSONAL, Site
from tests.e2e.waiting import await_until

FOLDER = Path(__file__).resolve().parent
LESSONS = [f"lesson-{number:03}" for number in range(500)]
# What a page's address may tell, which these clients attach to every call by themselves.
PATH = "/classes/7b/kim-canary"
QUERY = "?email=kim.canary@school.example&token=canary-token"
PATIENCE_SECONDS = 60
PAUSE_MS = 100
WAVE = 50
SAID: list[str] = []  # what pages wrote to their console


@contextmanager
def opened(browser: Browser, pages: PageSite, page: str, **options: Any) -> Iterator[Page]:
    """Open a page with these options, in a tab of its own. What it says to its console goes with a failure."""
    html = (FOLDER / page).read_text().replace('"@OPTIONS@"', json.dumps(options | {"personal": PERSONAL}))
    url = pages.put(PATH, html)
    with browser.new_context() as context:
        tab = context.new_page()
        tab.on("console", lambda message: SAID.append(message.text))
        tab.on("pageerror", lambda error: SAID.append(str(error)))
        tab.goto(url + QUERY)
        yield tab


def deliver(tab: Page, site: Site, database: Database, lessons: list[str], wave: int = WAVE) -> None:
    """Send lessons, a wave at a time, as a page would over the day; return as soon as each is stored."""
    for start in range(0, len(lessons), wave):
        tab.evaluate("lessons => send(lessons)", lessons[start : start + wave])
        awaited = set(lessons[: start + wave])
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not awaited <= set(site.lessons(database)):
            assert time.monotonic() < deadline, f"A wave is not stored. The page said: {SAID[-10:]}"
            tab.wait_for_timeout(PAUSE_MS)


def assert_delivered(site: Site, database: Database, lessons: list[str], *, others: int) -> None:
    """Assert that each lesson is stored once, beside so many other calls, and nothing personal anywhere."""
    await_until(lambda: len(site.rows(database)) >= len(lessons) + others, "the other calls are stored")
    assert [lesson for lesson in site.lessons(database) if lesson != "None"] == lessons
    assert len(site.rows(database)) == len(lessons) + others
    assert site.secrets_kept(database, "kim-canary") == []


STRATEGIES: dict[str, Any] = {
    "standard": {"strategy": "standard"},
    "batching": {"strategy": "batching", "config": {"size": 20, "timeout": 300}},
}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_analytics_next_delivers_500_events_once(
    strategy: str, browser: Browser, pages: PageSite, proxy: FlakyProxy, site: Site, database: Database
) -> None:
    """One call a request, to /v1/t and its siblings, or batches to /v1/b; its settings are served as well."""
    proxy.plan = some_fail if strategy == "standard" else every_other_fails
    options = {"key": site.make_key(), "url": proxy.url, "strategy": STRATEGIES[strategy]}
    with opened(browser, pages, "segment_browser.html", **options) as tab:
        deliver(tab, site, database, LESSONS)
    assert_delivered(site, database, LESSONS, others=5)
    assert proxy.faults == set(Fault)
    paths = {delivery.path for delivery in proxy.deliveries}
    assert paths == ({"/v1/b"} if strategy == "batching" else {f"/v1/{letter}" for letter in "tipsga"})
    assert paths <= set(proxy.preflights)
    assert any("x-retry-count" in delivery.headers for delivery in proxy.deliveries)


QUEUES: dict[str, dict[str, Any]] = {
    "single calls": {},
    "batches": {"queueOptions": {"batch": {"enabled": True, "maxItems": 10, "flushInterval": 300}}},
}


@pytest.mark.parametrize("queue", QUEUES)
def test_analytics_js_delivers_500_events_once(
    queue: str, browser: Browser, pages: PageSite, proxy: FlakyProxy, site: Site, database: Database
) -> None:
    """Single calls and batches; its source configuration is served as well."""
    proxy.plan = some_fail if queue == "single calls" else every_other_fails
    options = {"key": site.make_key(), "url": proxy.url, "load": QUEUES[queue]}
    with opened(browser, pages, "rudder_browser.html", **options) as tab:
        deliver(tab, site, database, LESSONS)
    assert_delivered(site, database, LESSONS, others=3)
    assert proxy.faults == set(Fault)
    assert {delivery.path for delivery in proxy.deliveries} <= set(proxy.preflights)
    assert any("rsa-retry-attempt" in delivery.headers for delivery in proxy.deliveries)


def test_analytics_js_delivers_by_beacon(
    browser: Browser, pages: PageSite, proxy: FlakyProxy, site: Site, database: Database
) -> None:
    """The write key stands in the address, and no preflight is asked for. A beacon tells its page of no failure."""
    load = {"useBeacon": True, "beaconQueueOptions": {"maxItems": 10, "flushQueueInterval": 300}}
    lessons = LESSONS[:40]
    with opened(browser, pages, "rudder_browser.html", key=site.make_key(), url=proxy.url, load=load) as tab:
        deliver(tab, site, database, lessons, wave=10)
    assert_delivered(site, database, lessons, others=3)
    assert {delivery.path.partition("?")[0] for delivery in proxy.deliveries} == {"/beacon/v1/batch"}
    assert not [path for path in proxy.preflights if path.startswith("/beacon")]
