"""Clients for servers, unmodified, in their documented self-hosted configuration, over a line that keeps failing."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
import rudderstack.analytics.client as rudder
import segment.analytics.client as segment

from tests.e2e.clients import node
from tests.e2e.clients.flaky_proxy import Fault, FlakyProxy, Plan, every_other_fails, three_fail
from tests.e2e.database import Database
from tests.e2e.sites import PERSONAL, Site
from tests.e2e.waiting import await_until

LESSONS = [f"lesson-{number:03}" for number in range(500)]
BATCH = 50

Send = Callable[[str, str, Sequence[str]], list[Any]]
"""Sends these lessons to a host under a key; returns what could not be sent."""


def by_python(module: Any, gzip: bool, key: str, host: str, lessons: Sequence[str]) -> list[Any]:
    """Send by segment-analytics-python or rudder-sdk-python."""
    failures: list[Any] = []
    client = module.Client(
        key, host=host, gzip=gzip, upload_size=BATCH, on_error=lambda error, _items: failures.append(error)
    )
    for lesson_id in lessons:
        client.track("canary-user", "Lesson Viewed", {"lesson_id": lesson_id, **PERSONAL})
    client.flush()
    client.shutdown()
    return failures


def by_node(script: str, gzip: bool, key: str, host: str, lessons: Sequence[str]) -> list[Any]:
    """Send by @segment/analytics-node, which does not compress, or @rudderstack/rudder-sdk-node."""
    options = {"key": key, "host": host, "lessons": lessons, "personal": PERSONAL, "flushAt": BATCH, "gzip": gzip}
    failures: list[Any] = node.run(script, **options)["failures"]
    return failures


# rudder-sdk-node tries three times again, the others ten times.
CLIENTS: dict[str, tuple[Send, Plan]] = {
    "segment-analytics-python": (partial(by_python, segment, False), every_other_fails),
    "segment-analytics-python, gzip": (partial(by_python, segment, True), every_other_fails),
    "analytics-node": (partial(by_node, "segment_node.mjs", False), every_other_fails),
    "rudder-sdk-python": (partial(by_python, rudder, False), every_other_fails),
    "rudder-sdk-python, gzip": (partial(by_python, rudder, True), every_other_fails),
    "rudder-sdk-node": (partial(by_node, "rudder_node.mjs", False), three_fail),
    "rudder-sdk-node, gzip": (partial(by_node, "rudder_node.mjs", True), three_fail),
}


@pytest.mark.parametrize(("send", "plan"), CLIENTS.values(), ids=CLIENTS.keys())
def test_500_events_arrive_once(send: Send, plan: Plan, proxy: FlakyProxy, site: Site, database: Database) -> None:
    """Whatever fails on the way, each event is stored once, and nothing personal anywhere."""
    proxy.plan = plan
    assert send(site.make_key(), proxy.url, LESSONS) == []
    assert proxy.faults == set(Fault)
    await_until(lambda: len(site.lessons(database)) >= len(LESSONS), "all is stored")
    assert site.lessons(database) == LESSONS
    assert site.secrets_kept(database) == []
