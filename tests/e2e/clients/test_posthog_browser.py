"""posthog-js in a browser, unmodified, on a website of another origin, over a line that keeps failing."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.clients.flaky_proxy import Fault, FlakyProxy, three_fail
from tests.e2e.clients.page_site import PageSite
from tests.e2e.database import Database
from tests.e2e.sites import PERSONAL, Site
from tests.e2e.waiting import await_until

LESSONS = [f"lesson-{number:03}" for number in range(500)]
BATCH, PAUSE_MS = 50, 400
LOADED_MS = 30_000
STORED_SECONDS = 60  # posthog-js waits 3 seconds and more before it tries again

# Of the documented configuration only what a robot needs: it looks like one, and captures faster than people do.
PAGE = """<!doctype html><title>Canary's page</title>
<a id="somewhere" href="#canary">Kim Canary</a>
<script type="module">
  import posthog from '/node_modules/posthog-js/dist/module.mjs'
  const options = JSON.parse(decodeURIComponent(location.hash.slice(1)))
  window.posthog = posthog
  posthog.init(options.key, {
    api_host: options.host,
    person_profiles: 'always',
    disable_compression: !options.gzip,
    opt_out_useragent_filter: true,
    rate_limiting: { events_per_second: 1000, events_burst_limit: 1000 },
    request_queue_config: { flush_interval_ms: 250 },
    loaded: () => { window.loaded = true },
  })
  posthog.onFeatureFlags((flags) => { window.flags = flags })
</script>"""
CAPTURE = """([lessons, personal]) => {
  for (const lesson_id of lessons) posthog.capture('Lesson Viewed', { lesson_id, ...personal })
}"""


@contextmanager
def opened(browser: Browser, pages: PageSite, proxy: FlakyProxy, key: str, *, gzip: bool) -> Iterator[Page]:
    """Open the page in a tab of its own, with posthog-js started."""
    address = pages.put("/canary-school/kim-canary", PAGE)
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}?email={PERSONAL['email']}")
    page.goto("about:blank")
    options = f'{{"key":"{key}","host":"{proxy.url}","gzip":{str(gzip).lower()}}}'
    page.goto(f"{address}?email={PERSONAL['email']}#{options}")
    page.wait_for_function("window.loaded && window.flags", timeout=LOADED_MS)
    yield page
    context.close()


@pytest.mark.parametrize("gzip", [True, False], ids=["gzip", "plain"])
def test_500_events_arrive_once(
    browser: Browser, pages: PageSite, proxy: FlakyProxy, site: Site, database: Database, gzip: bool
) -> None:
    """Through real preflights where the browser asks; whatever fails on the way; and nothing personal anywhere."""
    proxy.plan, proxy.is_delivery = three_fail, lambda path: path.startswith("/e/")
    with opened(browser, pages, proxy, site.make_key(), gzip=gzip) as page:
        assert page.evaluate("window.flags") == []
        page.evaluate("(personal) => posthog.identify('canary-user', personal)", PERSONAL)
        page.click("#somewhere")
        for first in range(0, len(LESSONS), BATCH):
            page.evaluate(CAPTURE, [LESSONS[first : first + BATCH], PERSONAL])
            page.wait_for_timeout(PAUSE_MS)
        await_until(lambda: len(lessons(site, database)) >= len(LESSONS), "all is stored", STORED_SECONDS)
        await_until(lambda: {"page", "identify"} <= names(site, database), "first words are stored", STORED_SECONDS)
    assert lessons(site, database) == LESSONS
    assert proxy.faults == set(Fault)
    assert bool(proxy.preflights) == (not gzip)
    # API Gateway damaged the gzip bodies sent before the configuration arrived: the client sent them again, as forms.
    refused = {status for path, status in proxy.answers if path.startswith("/e/")} - {200, 204}
    assert refused <= ({503} if gzip else set())
    rows = {name: properties for name, _, _, properties in site.rows(database)}
    assert rows["page"]["browser_name"] == "Chrome"
    assert site.secrets_kept(database, "Canary's page") == []


def test_what_is_left_at_the_end_goes_as_a_beacon(
    browser: Browser, pages: PageSite, proxy: FlakyProxy, site: Site, database: Database
) -> None:
    """A page that is left sends what it still has in a form, as browsers allow it then."""
    with opened(browser, pages, proxy, site.make_key(), gzip=True) as page:
        page.evaluate(CAPTURE, [LESSONS[:5], PERSONAL])
        page.goto("about:blank")
        await_until(lambda: len(lessons(site, database)) >= 5, "what was left is stored")
    assert lessons(site, database) == LESSONS[:5]
    beacons = [delivery for delivery in proxy.deliveries if "beacon=1" in delivery.path or "base64" in delivery.path]
    assert beacons


def names(site: Site, database: Database) -> set[str]:
    """Return what happened, by name."""
    return {name for name, *_ in site.rows(database)}


def lessons(site: Site, database: Database) -> list[str]:
    """Return the lessons that are stored."""
    return [lesson for lesson in site.lessons(database) if lesson != "None"]
