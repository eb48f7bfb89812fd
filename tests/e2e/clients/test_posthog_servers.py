"""PostHog's clients for servers, unmodified, as self-hosting them is documented, over a line that keeps failing."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from posthog import Posthog

from tests.e2e.clients import node
from tests.e2e.clients.flaky_proxy import Fault, FlakyProxy, every_other_fails
from tests.e2e.database import Database
from tests.e2e.sites import PERSONAL, Site
from tests.e2e.waiting import await_until

LESSONS = [f"lesson-{number:03}" for number in range(500)]
BATCH = 50
CAPTURES = {"/batch/", "/i/v1/analytics/events"}

Send = Callable[[str, str, Sequence[str]], tuple[list[Any], Any]]
"""Sends these lessons to a host under a key; returns the failed events and the received feature flags."""


def by_python(mode: str, gzip: bool, key: str, host: str, lessons: Sequence[str]) -> tuple[list[Any], Any]:
    """Send by posthog."""
    failures: list[Any] = []
    client = Posthog(key, host=host, gzip=gzip, flush_at=BATCH, on_error=lambda error, _items: failures.append(error))
    flags = client.get_all_flags("canary-user")
    client.set(distinct_id="canary-user", properties=PERSONAL)
    client.group_identify("school", "canary-school", PERSONAL)
    for lesson_id in lessons:
        client.capture("Lesson Viewed", distinct_id="canary-user", properties={"lesson_id": lesson_id, **PERSONAL})
    client.flush()
    client.shutdown()
    return failures, flags


def by_node(mode: str, gzip: bool, key: str, host: str, lessons: Sequence[str]) -> tuple[list[Any], Any]:
    """Send by posthog-node."""
    options = {"key": key, "host": host, "lessons": lessons, "personal": PERSONAL, "flushAt": BATCH}
    options |= {"gzip": gzip, "captureMode": mode}
    told = node.run("posthog_node.mjs", **options)
    return told["failures"], told["flags"]


CLIENTS: dict[str, Send] = {
    "posthog": partial(by_python, "v0", False),
    "posthog, gzip": partial(by_python, "v0", True),
    "posthog, v1": partial(by_python, "v1", False),
    "posthog-node": partial(by_node, "v0", False),
    "posthog-node, gzip": partial(by_node, "v0", True),
    "posthog-node, v1": partial(by_node, "v1", False),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_500_events_arrive_once(client: str, proxy: FlakyProxy, site: Site, database: Database) -> None:
    """Whatever fails on the way, each event is stored once, and nothing personal anywhere."""
    proxy.plan, proxy.is_delivery = every_other_fails, lambda path: path in CAPTURES
    failures, flags = CLIENTS[client](site.make_key(), proxy.url, LESSONS)
    assert (failures, flags) == ([], {})
    assert proxy.faults == set(Fault)
    assert all(
        (delivery.headers.get("content-encoding") == "gzip") == ("gzip" in client) for delivery in proxy.deliveries
    )
    await_until(lambda: len(site.rows(database)) >= len(LESSONS) + 2, "all is stored")
    names = [name for name, *_ in site.rows(database)]
    assert len(names) == len(LESSONS) + 2
    assert [lesson for lesson in site.lessons(database) if lesson != "None"] == LESSONS
    assert names.count("group") == 1
    assert site.secrets_kept(database) == []


def test_poison_is_not_retried(proxy: FlakyProxy, site: Site) -> None:
    """A client that was refused for good says so at once, and drops what it had."""
    failures, _ = by_python("v0", False, site.make_key()[:-1], proxy.url, LESSONS[:3])
    assert [getattr(failure, "status", None) for failure in failures] == [401] * len(failures)
    batches = [delivery for delivery in proxy.deliveries if delivery.path == "/batch/"]
    assert len(batches) == len(failures) == 1
