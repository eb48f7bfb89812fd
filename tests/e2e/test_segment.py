"""Clients of Segment's tracking API, unmodified, against the deployed stack."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from segment.analytics.client import Client

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import SEGMENT, Api, Sent, reasons, statuses
from tests.e2e.sites import PERSONAL, Site
from tests.e2e.test_faults import NOWHERE
from tests.e2e.test_refusals import assert_problem
from tests.e2e.waiting import await_until
from workbench.commands.flags import FlagStore
from workbench.stack.state import StackState


@contextmanager
def client(site: Site, key: str, **options: Any) -> Iterator[tuple[Client, list[Any]]]:
    """Open a client, with what it could not send; at the end everything was tried."""
    failures: list[Any] = []
    opened = Client(key, host=site.state.http_url, on_error=lambda error, _items: failures.append(error), **options)
    try:
        yield opened, failures
        opened.flush()
    finally:
        opened.shutdown()


@pytest.fixture
def site(state: StackState, sent: Sent) -> Site:
    """An organisation of the test's own."""
    return Site(state, sent)


def post(api: Api, key: str, *calls: Any, **members: Any) -> httpx.Response:
    """Send a batch as such a client would."""
    basic = base64.b64encode(f"{key}:".encode()).decode()
    return api.http.post(SEGMENT, json={"batch": calls, **members}, headers={"Authorization": f"Basic {basic}"})


def track(**changes: Any) -> dict[str, Any]:
    """Return a call."""
    now = datetime.now(UTC).isoformat()
    return {"type": "track", "event": "lesson_viewed", "messageId": str(uuid4()), "timestamp": now} | changes


@pytest.mark.parametrize("packed", [False, True])
def test_every_kind_of_call_arrives_without_anything_personal(site: Site, database: Database, packed: bool) -> None:
    """Six kinds of calls, one event each; somebody's pseudonyms join across all of them."""
    user, anonymous = str(uuid4()), f"anonymous-{uuid4()}"
    site.sent.note_all([user, anonymous, *PERSONAL.values()])
    with client(site, site.make_key(), gzip=packed) as (opened, failures):
        opened.track(anonymous_id=anonymous, event="Lesson Viewed", properties={"lesson_id": "l-1", **PERSONAL})
        opened.alias(anonymous, user)
        opened.identify(user, PERSONAL, context={"ip": "203.0.113.9", "locale": "de-DE"})
        opened.page(user, "Lessons", "Course Overview", PERSONAL)
        opened.screen(user, "Lessons", "Fractions", PERSONAL)
        opened.group(user, "canary-class", PERSONAL)
    assert failures == []

    await_until(lambda: len(site.rows(database)) == 6, "six events are stored")
    rows = {name: rest for name, *rest in site.rows(database)}
    assert set(rows) == {"lesson_viewed", "alias", "identify", "page", "screen", "group"}
    somebody = rows["lesson_viewed"][1]
    assert rows["alias"][2]["previous_id"] == somebody
    assert {rows[name][0] for name in ("alias", "identify", "page", "screen", "group")} == {rows["alias"][0]}
    assert rows["alias"][0] not in {None, somebody}
    assert rows["lesson_viewed"][2]["lesson_id"] == "l-1"
    assert rows["identify"][2]["context"]["locale"] == "de-DE"
    assert rows["identify"][2]["context"]["library"]["name"] == "analytics-python"
    assert rows["page"][2]["page_name"] == "Course Overview"
    stored = json.dumps([list(row) for row in site.rows(database)])
    told = [*PERSONAL.values(), user, anonymous, "canary", "203.0.113.9"]
    assert [secret for secret in told if secret in stored] == []


def test_a_message_sent_again_counts_once(site: Site, database: Database) -> None:
    """By a client that starts anew and has forgotten what it sent: the message id tells."""
    key, at = site.make_key(), datetime.now(UTC) - timedelta(minutes=5)
    for _ in range(3):
        with client(site, key) as (opened, failures):
            opened.track("u-1", "lesson_viewed", timestamp=at, message_id="not-a-uuid-1")
            opened.track("u-1", "lesson_viewed", timestamp=at, message_id="not-a-uuid-2")
        assert failures == []
    audit = (
        "select sum(accepted_count)::int, sum(duplicate_count)::int, sum(conflict_count)::int"
        " from rollcall.batch_audit where org_id = %s"
    )
    await_until(lambda: database.rows(audit, site.org_id) == [(2, 4, 0)], "two are stored, four are duplicates")
    assert len(site.rows(database)) == 2


def test_clocks_are_corrected(api: Api, site: Site, database: Database) -> None:
    """A device whose clock is three hours behind says what it did a minute ago."""
    theirs = datetime.now(UTC) - timedelta(hours=3)
    call = track(timestamp=(theirs - timedelta(minutes=1)).isoformat())
    assert post(api, site.make_key(), call, sentAt=theirs.isoformat()).json()["success"] is True
    age = "select extract(epoch from received_at - occurred_at)::float from rollcall.analytics_events where org_id = %s"
    await_until(lambda: len(database.rows(age, site.org_id)) == 1, "it is stored")
    ((seconds,),) = database.rows(age, site.org_id)
    assert 59 <= seconds <= 61


def test_a_key_that_is_unknown_or_revoked_is_401(api: Api, site: Site, database: Database) -> None:
    """The client gives up at once, as it should: nothing would make it better."""
    revoked, good = site.make_key(), site.make_key()
    (listed, _) = site.command("list").splitlines()
    site.command("revoke", listed.split()[0])
    unknown = good[:-4] + "none"
    elsewhere = good.replace(site.org_id.hex, uuid4().hex)
    for key in (revoked, unknown, elsewhere, "nonsense"):
        response = post(api, key, track())
        assert_problem(response, 401, "write_key_invalid")
        assert response.headers["www-authenticate"].startswith("Basic")
        with client(site, key) as (opened, failures):
            opened.track("u-1", "lesson_viewed")
        assert [error.status for error in failures] == [401]
    assert post(api, good, track()).json()["success"] is True
    await_until(lambda: len(site.rows(database)) == 1, "only what came under the good key is stored")


def test_the_key_may_stand_in_the_body(api: Api, site: Site) -> None:
    """As browsers send it."""
    body = {"batch": [track()], "writeKey": site.make_key()}
    assert api.http.post(SEGMENT, json=body).json()["success"] is True
    assert_problem(api.http.post(SEGMENT, json={"batch": [track()]}), 401, "write_key_invalid")


@pytest.mark.parametrize(
    ("calls", "status", "code"),
    [
        ([], 400, "invalid_body"),
        (["nonsense", {"type": "track"}], 400, "invalid_events"),
        ([{}] * 501, 413, "too_many_events"),
        ([track(properties={"lesson_id": "x" * 600_000})], 413, "too_many_bytes"),
    ],
    ids=["no calls", "none valid", "too many", "too large"],
)
def test_what_cannot_be_taken_is_refused(api: Api, site: Site, calls: list[Any], status: int, code: str) -> None:
    """With a problem, and a status that these clients do not try again."""
    assert_problem(post(api, site.make_key(), *calls), status, code)


def test_clients_wait_out_a_queue_that_is_away(site: Site, cloud: Cloud, database: Database) -> None:
    """503 with Retry-After: the client keeps what it has, and sends it when the queue is back."""
    with (
        client(site, site.make_key()) as (opened, failures),
        cloud.function_environment("Analytics", {"AWS_ENDPOINT_URL_SQS": NOWHERE}),
    ):
        opened.track("u-1", "lesson_viewed", {"lesson_id": "l-1"})
        (consumer,) = opened.consumers
        await_until(lambda: consumer.rate_limit_start_time is not None, "the client was asked to wait")
        assert site.rows(database) == []
    assert failures == []
    await_until(lambda: len(site.rows(database)) == 1, "the event is stored, once")


def test_clients_wait_when_they_are_too_fast(site: Site, cloud: Cloud, database: Database) -> None:
    """429 with Retry-After: nothing is lost, it only takes longer."""
    slow = {"ANALYTICS_SERVICE_RATE_PER_SECOND": "1", "ANALYTICS_SERVICE_RATE_BURST": "1"}
    with (
        cloud.function_environment("Analytics", slow),
        client(site, site.make_key(), upload_size=1) as (opened, failures),
    ):
        for number in range(4):
            opened.track("u-1", "lesson_viewed", {"lesson_id": f"l-{number}"})
        (consumer,) = opened.consumers
        await_until(lambda: consumer.rate_limit_start_time is not None, "the client was asked to wait")
    assert failures == []
    await_until(lambda: len(site.rows(database)) == 4, "every event is stored, once")


def test_a_switch_works_without_a_deployment(api: Api, state: StackState, site: Site, database: Database) -> None:
    """A switch drops the events of one organisation, with a reason, until it is switched back; not others'."""
    key, flags = site.make_key(), FlagStore.of_stack(state)
    sender, other = api.service(site.org_id), api.service()
    dropped: list[str] = []

    def is_dropped() -> bool:
        event = sender.happening()
        answer = sender.tell([event])
        assert answer.status_code == 200
        if reasons(answer) == ["organisation_off"]:
            dropped.append(event["event_id"])
        return bool(dropped)

    try:
        flags.change(lambda document: document["organisations"].update({str(site.org_id): {"emit": "off"}}))
        await_until(is_dropped, "the organisation is switched off")
        assert post(api, key, track()).json()["success"] is True
        assert statuses(other.tell([other.happening()])) == ["accepted"]
    finally:
        flags.change(lambda document: document["organisations"].pop(str(site.org_id)))
    last = sender.happening()
    await_until(lambda: statuses(sender.tell([last])) == ["accepted"], "it is switched on again")
    await_until(lambda: last["event_id"] in database.analytics_ids(site.org_id), "what came after is stored")
    assert not database.knows(dropped)
