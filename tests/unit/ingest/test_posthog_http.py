"""The routes of PostHog's clients through their handler: what they are asked in, and what they answer."""

import base64
import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from rollcall.domain.ingest import write_key
from rollcall.edge.routes.ingest import posthog
from rollcall.edge.wiring.ingest import analytics as wiring_analytics
from rollcall.errors import InvalidBody
from rollcall.flows.ingest import posthog as capture_flow
from rollcall.flows.ingest.posthog import UNSPLIT_FACTOR, IngestPostHog

from functions.analytics import app
from functions.openapi import app as openapi
from tests.builders import NOW, ORG
from tests.unit.fakes.api_gateway import Context, sample
from tests.unit.ingest.test_posthog import captured
from tests.unit.ingest.test_track_flow import EVENTS_MAX, KEY, NUMBERS, Way

BYTES_MAX = UNSPLIT_FACTOR * 524_288
BATCH_MAX = UNSPLIT_FACTOR * EVENTS_MAX
BODY_CODES = {InvalidBody.code, *(kind.code for kind in InvalidBody.__subclasses__())}
CONFIG, CONFIG_SCRIPT = "GET /array/{token}/config", "GET /array/{token}/config.js"
JSON, PLAIN, FORM = "application/json", "text/plain", "application/x-www-form-urlencoded"


def routes_of(handler: Callable[..., Any]) -> list[str]:
    """Return the routes that a handler answers."""
    return [key for key, endpoint in posthog.router.routes.items() if endpoint.handler is handler]


BATCHES = routes_of(posthog.post_batch)
EVENTS = routes_of(posthog.post_event)
FLAGS = routes_of(posthog.post_flags)


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> Way:
    made = Way()
    capture = IngestPostHog(made.track.collect, made.track.write_keys)
    monkeypatch.setattr(wiring_analytics, "ingest_posthog", lambda: capture)
    return made


def ask(
    body: str | bytes, route: str = "POST /batch/", *, media_type: str = JSON, query: Any = None, **headers: str
) -> dict[str, Any]:
    """Send a body as API Gateway would hand it over: what is no text of its own media types comes in base64."""
    event = sample("progress_batch.json") | {"routeKey": route, "rawPath": route.split()[1]}
    del event["requestContext"]["authorizer"]
    event["headers"] = {"content-type": media_type} | headers
    event["queryStringParameters"] = query or {}
    event["pathParameters"] = {"token": KEY}
    event["isBase64Encoded"] = isinstance(body, bytes)
    return app.handler(
        event | {"body": base64.b64encode(body).decode() if isinstance(body, bytes) else body}, Context()
    )


def batch(*events: Any, **members: Any) -> str:
    return json.dumps({"api_key": KEY, "batch": events, "sent_at": NOW.isoformat()} | members)


def status_and(answer: dict[str, Any], member: str) -> tuple[int, Any]:
    return answer["statusCode"], json.loads(answer["body"])[member]


@pytest.mark.parametrize("route", BATCHES + EVENTS)
def test_every_route_takes_a_batch_an_array_and_an_event(way: Way, route: str) -> None:
    """With exactly 200, and the status that its clients read."""
    token = {"properties": {"token": KEY}}
    for body in (batch(captured()), json.dumps([captured(**token)]), json.dumps(captured(api_key=KEY))):
        assert status_and(ask(body, route), "status") == (200, "Ok" if route in BATCHES else 1)
    assert [message.route for message in way.messages] == ["posthog"] * 3


def in_form(data: str, **fields: str) -> tuple[str, str]:
    return urlencode({"data": data} | fields), FORM


def packings(text: str) -> dict[str, tuple[str | bytes, str, dict[str, str], dict[str, str]]]:
    """Return a body as each client packs it: body, media type, query, headers."""
    packed, coded = gzip.compress(text.encode()), base64.b64encode(text.encode()).decode()
    encoded = {"content-encoding": "gzip"}
    return {
        "posthog-python, posthog-node": (text, JSON, {}, {}),
        "posthog-python, posthog-node, gzip": (packed, JSON, {}, encoded),
        "posthog-js": (packed, PLAIN, {"compression": "gzip-js", "ver": "1.449.2"}, {}),
        "posthog-js, gzip unnamed": (packed, PLAIN, {}, {}),
        "posthog-js, disable_compression": (text, JSON, {}, {}),
        "posthog-js, beacon": (*in_form(coded), {"compression": "base64"}, {}),
        "posthog-js, form says how": (*in_form(coded, compression="base64"), {}, {}),
        "a form whose base64 is not escaped": (f"data={coded}", FORM, {}, {}),
        "a form of JSON": (*in_form(text), {}, {}),
        "a form named text": (f"data={quote(coded)}", PLAIN, {}, {}),
        "a form of gzip in base64": (*in_form(base64.b64encode(packed).decode()), {"compression": "gzip-js"}, {}),
        "base64 alone": (coded, PLAIN, {}, {}),
        "opaque": (text.encode(), "application/octet-stream", {}, {}),
        "no media type": (text, "", {}, {}),
        "a charset": (text, f"{JSON}; charset=utf-8", {}, {}),
        "sent again": (packed, PLAIN, {"compression": "gzip-js", "retry_count": "3", "_": "1", "ip": "0"}, {}),
    }


@pytest.mark.parametrize("packing", packings(""))
def test_however_it_is_packed(way: Way, packing: str) -> None:
    """It is the same event."""
    document = captured()
    body, media_type, query, headers = packings(batch(document))[packing]
    answer = ask(body, "POST /e/", media_type=media_type, query=query, **headers)
    assert status_and(answer, "accepted") == (200, 1), answer["body"]
    assert [str(event.event_id) for event in way.queued()] == [document["uuid"]]


# A batch of one event under KEY, by lz-string 1.5's compressToBase64.
LZ = (
    "N4IghgDglg+g1gUwJ4gFwAIQCc4wKwAmAjAGYBsYRAxniQAwIAsNeAHGHgMx0nUBMAI04FGCWjADOU6TNlz5C+SAA0mAWAAuVABZ"
    "p0AbVAIAbggB2GvSAA2CKQHsz6Y1AQB3BARWYArj6heGCB0RGB8fAT0ALSsCHR0UQDsZACcYDFEfCRRVLlEeHR8iVScjGDeIBpQA"
    "LZ2GmDVEFZ8hWRRdJxRRHQAKpmo8QN0ANSD8SAAvgC6E0A=="
)


@pytest.mark.parametrize("compression", ["lz64", "lz-string"])
def test_older_browsers_pack_by_lz_string(way: Way, compression: str) -> None:
    """In a form or alone; named by the query or the form."""
    assert status_and(ask(LZ, "POST /e/", media_type=PLAIN, query={"compression": compression}), "accepted") == (200, 1)
    body, media_type = in_form(LZ, compression=compression)
    assert status_and(ask(body, "POST /e/", media_type=media_type), "accepted") == (200, 1)
    assert len(way.messages) == 2


@pytest.mark.parametrize(
    ("document", "query"),
    [
        ({"batch": [captured()]}, {"api_key": KEY}),
        ({"batch": [captured()]}, {"token": KEY}),
        ({"batch": [captured()], "token": KEY}, {}),
        ({"batch": [captured()], "$token": KEY}, {}),
        ({"batch": [captured(api_key=KEY)]}, {}),
        ({"batch": [captured(token=KEY)]}, {}),
        ({"batch": [captured(properties={"token": KEY})]}, {}),
        ([captured(properties={"api_key": KEY})], {}),
        (captured(token=KEY), {}),
        (captured(properties={"token": KEY}), {}),
        ({"batch": [captured()], "api_key": None, "token": KEY}, {}),
    ],
)
def test_wherever_the_key_stands(way: Way, document: Any, query: dict[str, str]) -> None:
    """Query, body, event or its properties."""
    assert ask(json.dumps(document), query=query)["statusCode"] == 200
    assert len(way.messages) == 1


@pytest.mark.parametrize("told", ["body", "query", "form"])
def test_a_wrong_clock_is_corrected_by_when_it_sent(way: Way, told: str) -> None:
    """Wherever the client says so: in the body, as `_` of the query, as a field of a form."""
    behind = timedelta(hours=2)
    happened, sent = NOW - behind - timedelta(minutes=5), NOW - behind
    document = {"api_key": KEY, "batch": [captured(timestamp=happened.isoformat())]}
    milliseconds = str(int(1000 * sent.timestamp()))
    if told == "body":
        ask(json.dumps(document | {"sent_at": sent.isoformat()}), "POST /e/")
    elif told == "query":
        ask(json.dumps(document), "POST /e/", query={"_": milliseconds})
    else:
        body, media_type = in_form(json.dumps(document), sent_at=milliseconds)
        ask(body, "POST /e/", media_type=media_type)
    assert [event.occurred_at for event in way.queued()] == [NOW - timedelta(minutes=5)]


@pytest.mark.parametrize("key", [None, "", "phc_x", 7, {}, [KEY], write_key.write(uuid4(), "s" * 43), KEY + "!"])
@pytest.mark.parametrize("route", ["POST /batch/", "POST /e/"])
def test_without_a_good_key_it_is_401(way: Way, key: Any, route: str) -> None:
    """Which ends a client's tries; nothing is taken."""
    assert status_and(ask(batch(captured(), api_key=key), route), "code") == (401, "write_key_invalid")
    assert way.messages == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("", 400, "invalid_body"),
        ("nonsense", 400, "invalid_body"),
        ("data=", 400, "invalid_body"),
        ("data=!!!", 400, "invalid_body"),
        ("{}", 400, "invalid_body"),
        ("[]", 400, "invalid_body"),
        ("7", 400, "invalid_body"),
        ('"e30="', 400, "invalid_body"),
        (batch(), 400, "invalid_body"),
        (batch(batch={}), 400, "invalid_body"),
        (b"\x1f\x8b", 400, "invalid_body"),
        (b"\x1f\x8bgarbage", 400, "invalid_body"),
        (b"\xff\xfe", 400, "invalid_body"),
        (gzip.compress(b"{"), 400, "invalid_body"),
        (gzip.compress(batch(captured()).encode())[:-5], 400, "invalid_body"),
        (batch("no event", captured(event=...)), 400, "invalid_events"),
        (batch(captured(timestamp="1999-01-01T00:00:00Z")), 400, "invalid_events"),
        (batch(*[1] * (BATCH_MAX + 1)), 413, "too_many_events"),
        (batch(captured()).ljust(BYTES_MAX + 1), 413, "too_many_bytes"),
        (gzip.compress(bytes(BYTES_MAX + 1)), 413, "too_many_bytes"),
        (gzip.compress(gzip.compress(bytes(100 * BYTES_MAX))), 400, "invalid_body"),
    ],
)
@pytest.mark.parametrize("compression", ["", "gzip-js", "base64", "lz64", "none"])
def test_what_cannot_be_taken_is_not_retried(
    way: Way, body: str | bytes, status: int, code: str, compression: str
) -> None:
    """A 4xx that no client sends again, with why."""
    answer = ask(body, "POST /e/", media_type=PLAIN, query={"compression": compression} if compression else {})
    if compression != "lz64":
        found, told = status_and(answer, "code")
        # Each kind of bad body has a code of its own.
        assert (found, code if code == "invalid_body" and told in BODY_CODES else told) == (status, code)
    assert answer["statusCode"] in {400, 413}
    assert json.loads(answer["body"])["detail"]
    assert "Retry-After" not in answer["headers"]
    assert way.messages == []


def test_a_batch_says_what_it_could_not_take(way: Way) -> None:
    """And takes the rest."""
    good, old = captured(), captured(timestamp="1999-01-01T00:00:00Z")
    answer = json.loads(ask(batch("no event", good, captured(uuid=..., timestamp=...), old))["body"])
    assert (answer["accepted"], answer["rejected"]) == (1, 3)
    assert [(one["reason"], one["pointer"]) for one in answer["results"]] == [
        ("not_an_event", "/batch/0/event"),
        ("identity_missing", "/batch/2/uuid"),
        ("out_of_window", "/batch/3/timestamp"),
    ]
    assert [str(event.event_id) for event in way.queued()] == [good["uuid"]]


@pytest.mark.parametrize(
    ("told", "stored"),
    [
        ("$pageview", "page"),
        ("$pageleave", "page_leave"),
        ("$autocapture", "autocapture"),
        ("$rageclick", "rageclick"),
        ("$identify", "identify"),
        ("$create_alias", "alias"),
        ("$groupidentify", "group"),
        ("$set", "profile_updated"),
        ("$screen", "screen"),
        ("lesson viewed", "lesson_viewed"),
    ],
)
def test_what_libraries_tell_by_themselves_is_known(way: Way, told: str, stored: str) -> None:
    """To the default policy, by its name; nothing personal that comes with it is kept."""
    personal = {
        "$ip": "203.0.113.9",
        "$set": {"email": "kim@school.example", "name": "Kim"},
        "$set_once": {"$initial_current_url": "https://school.example/kim"},
        "$referrer": "https://school.example/kim-miller",
        "$raw_user_agent": "Mozilla/5.0 (kim)",
        "$elements_chain": 'button.kim:attr__href="/kim"',
        "$elements": [{"tag_name": "a", "$el_text": "Kim Miller", "attr__href": "/kim"}],
        "$el_text": "Kim Miller",
        "$exception_list": [{"value": "kim is not defined"}],
        "$group_set": {"name": "Kim's school"},
        "$session_entry_url": "https://school.example/kim",
        "$lib_custom_api_host": "https://kim.example",
        "title": "Kim's page",
        "utm_source": "kim",
        "gclid": "kim",
    }
    ask(batch(captured(event=told, distinct_id="kim@school.example", properties=personal)))
    (event,) = way.queued()
    assert event.name == stored
    kept = event.model_dump_json()
    assert "kim" not in kept.lower()
    assert "203.0.113.9" not in kept


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("place", ["properties", "distinct_id", "odd"])
def test_a_number_that_is_none_costs_its_member_alone(way: Way, number: str, place: str) -> None:
    """Not the other events of its batch, however that is packed."""
    odd = captured() | {place: {"score": "HERE"} if place == "properties" else "HERE"}
    body = batch(*(captured() for _ in range(5)), odd).replace('"HERE"', number)
    assert status_and(ask(body), "accepted") == (200, 6)
    packed = gzip.compress(body.encode())
    assert status_and(ask(packed, "POST /e/", media_type=PLAIN), "accepted") == (200, 6)
    assert len(way.queued()) == 12


@pytest.mark.parametrize("changes", [{}, {"offset": 1000}, {"uuid": "m-1"}])
def test_what_tells_no_time_says_the_same_at_each_attempt(way: Way, changes: dict[str, Any]) -> None:
    """Its time is that of the attempt, and no part of what it says."""
    document = captured(timestamp=...) | changes
    for seconds in (0, 30):
        way.now = NOW + timedelta(seconds=seconds)
        ask(batch(document, sent_at=way.now.isoformat()))
    ask(batch(document | {"event": "quiz started"}))
    ask(batch(document | {"timestamp": NOW.isoformat()}))
    first, again, other, timed = way.queued()
    assert again.occurred_at - first.occurred_at == timedelta(seconds=30)
    assert first.digest == again.digest
    assert len({first.digest, other.digest, timed.digest}) == 3


NO_BATCHES: dict[str, tuple[str | bytes, dict[str, str]]] = {
    "garbage, key in the query": ("nonsense", {"api_key": KEY}),
    "nothing, key in the query": ("", {"token": KEY}),
    "a bad form, key in the query": ("data=!!!", {"api_key": KEY}),
    "bad gzip, key in the query": (b"\x1f\x8bgarbage", {"api_key": KEY}),
    "a bad form with a key": (f"data=!!!&api_key={KEY}", {}),
    "no events": (batch(), {}),
    "no array": (batch(batch=5), {}),
    "no batch": (json.dumps({"api_key": KEY}), {}),
    "no JSON": (batch(captured())[:-1], {}),
    "no JSON, in gzip": (gzip.compress(batch(captured())[:-1].encode()), {}),
    "too deep": (batch(captured()) + "[" * 300_000, {}),
    "too many events": (batch(*[1] * (BATCH_MAX + 1)), {}),
    "too many bytes": (gzip.compress(bytes(BYTES_MAX + 1)), {"api_key": KEY}),
}


@pytest.mark.parametrize("name", NO_BATCHES)
def test_what_holds_no_batch_counts_against_the_rate(way: Way, name: str) -> None:
    """Once, of the key that it names wherever that stands; beyond the rate it is put off."""
    body, query = NO_BATCHES[name]
    answer = ask(body, media_type=PLAIN, query=query)
    assert answer["statusCode"] in {400, 413}, answer["body"]
    assert len(way.receipts.limits) == 1
    assert way.receipts.limits[0] is not None
    way.receipts.retry_after_ms = 1500
    assert status_and(ask(body, media_type=PLAIN, query=query), "code") == (503, "sending_too_fast")


def test_what_holds_no_batch_counts_under_the_newer_protocol_and_in_damaged_gzip(way: Way) -> None:
    """A bearer's token, a key in the query."""
    ask('{"batch": []}', "POST /i/v1/analytics/events", authorization=f"Bearer {KEY}")
    ask(MANGLED, query={"api_key": KEY}, **{"content-encoding": "gzip"})
    assert len(way.receipts.limits) == 2


def test_a_batch_is_counted_once(way: Way) -> None:
    """And one without a known key not at all."""
    ask(batch(captured()), query={"api_key": KEY})
    ask(batch(captured()))
    ask("nonsense")
    ask(batch(api_key="phc_x"))
    assert (way.receipts.limits, len(way.receipts.announced)) == ([], 2)


@pytest.mark.parametrize("key", ["", "phc_x", write_key.write(uuid4(), "s" * 43)])
def test_what_is_long_is_not_read_for_an_unknown_key(way: Way, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 401 before its JSON is looked at."""

    def fail(*_arguments: object) -> None:
        raise AssertionError

    monkeypatch.setattr(capture_flow, "read_body", fail)
    body = gzip.compress(batch(captured(), api_key=key).encode() + b"[" * (BYTES_MAX - 1_000))
    assert status_and(ask(body, media_type=PLAIN), "code") == (401, "write_key_invalid")


OTHER_KEY, ROTATED = write_key.write(uuid4(), "s" * 43), write_key.write(ORG, "r" * 43)
OTHERS = [
    *({name: told} for name in ("api_key", "token", "$token") for told in (OTHER_KEY, "phc_x")),
    *({"properties": {name: OTHER_KEY}} for name in ("api_key", "token", "$token")),
]
OWN: list[dict[str, Any]] = [
    {"token": KEY}, {"api_key": ROTATED}, {"token": ""}, {"token": None}, {"token": 7},
    {"token": "rk_" + KEY[3:35].upper() + KEY[35:]}, {"properties": {"token": "the application's own"}},
    {"properties": {"token": KEY}}, {"properties": {"other": OTHER_KEY}},
]  # fmt: skip


@pytest.mark.parametrize("changes", OTHERS)
def test_an_event_of_another_organisations_key_is_refused_alone(way: Way, changes: dict[str, Any]) -> None:
    """It would be stored where its sender did not mean it to be."""
    for query in ({}, {"api_key": KEY}):
        answer = ask(batch(captured(), captured(**changes)), query=query)
        assert [one["reason"] for one in json.loads(answer["body"])["results"]] == ["write_key_differs"]
    assert len(way.queued()) == 2


@pytest.mark.parametrize("changes", OWN)
def test_an_event_of_its_own_organisations_key_is_taken(way: Way, changes: dict[str, Any]) -> None:
    """Also of a key before a rotation, and with what is no key of Rollcall's in its properties."""
    assert status_and(ask(batch(captured(), captured(**changes))), "accepted") == (200, 2)


RESULTS = routes_of(posthog.post_results)


@pytest.mark.parametrize("route", RESULTS)
def test_the_newer_protocol_has_a_result_for_each_event(way: Way, route: str) -> None:
    """Under a bearer's token, and with the client's clock in a header."""
    good = captured(options={"process_person_profile": False}, session_id="s", distinct_id="d")
    old = captured(timestamp="1999-01-01T00:00:00Z")
    body = json.dumps({"created_at": NOW.isoformat(), "batch": [good, old]})
    answer = ask(
        body,
        route,
        authorization=f"Bearer {KEY}",
        **{"posthog-request-timestamp": NOW.isoformat(), "posthog-attempt": "1"},
    )
    assert status_and(answer, "results") == (
        200,
        {good["uuid"]: {"result": "ok"}, old["uuid"]: {"result": "drop", "details": "out_of_window"}},
    )
    (event,) = way.queued()
    assert (event.user_pseudonym is None, event.anonymous_pseudonym is None) == (True, False)
    assert event.session_pseudonym is not None
    for authorization in ("", "Bearer", f"Basic {KEY}", KEY, "Bearer phc_x"):
        assert status_and(ask(body, route, authorization=authorization), "code") == (401, "write_key_invalid")


def test_a_refused_event_can_be_asked_for(way: Way) -> None:
    """By its uuid, as one that was taken can."""
    nameless = captured(event=...)
    ask(batch(nameless, captured()))
    assert [(str(one.event_id), one.reason) for one in way.receipts.rejected] == [(nameless["uuid"], "event_missing")]


def test_what_a_client_does_not_split_is_taken(way: Way) -> None:
    """Eight times the events and bytes of other routes: posthog-js sends all that it has at once, and drops on 413."""
    filler = {"filler": "x" * (BYTES_MAX // BATCH_MAX - 300)}
    answer = ask(batch(*(captured(properties=filler) for _ in range(BATCH_MAX))), "POST /e/")
    assert status_and(answer, "accepted") == (200, BATCH_MAX)
    assert len(way.queued()) == BATCH_MAX


MANGLED = gzip.compress(batch(captured()).encode()).decode("utf-8", errors="replace")


def test_gzip_that_a_gateway_took_for_text_is_sent_again_in_another_way(way: Way) -> None:
    """By posthog-js, which reads its configuration: it sends forms, which survive."""
    answer = ask(MANGLED, "POST /e/", media_type=PLAIN, query={"compression": "gzip-js"})
    assert status_and(answer, "code") == (503, "body_damaged")
    assert json.loads(ask("", CONFIG)["body"])["supportedCompression"] == ["base64"]
    assert way.messages == []


def test_gzip_of_a_client_that_would_send_the_same_again_is_refused(way: Way) -> None:
    """With what to do."""
    answer = ask(MANGLED, **{"content-encoding": "gzip"})
    assert status_and(answer, "code") == (400, "invalid_body")
    assert "compression" in json.loads(answer["body"])["detail"]
    assert way.messages == []


def test_over_the_rate_it_is_503(way: Way) -> None:
    """posthog-js never sends again what 429 answered, and does what 503 did; the other clients obey both."""
    way.receipts.retry_after_ms = 1500
    answer = ask(batch(captured()))
    assert status_and(answer, "code") == (503, "sending_too_fast")
    assert answer["headers"]["Retry-After"] == "2"
    assert way.messages == []


@pytest.mark.parametrize("away", ["queue_away", "store_away"])
def test_our_trouble_is_503(way: Way, away: str) -> None:
    """Never 401: a client would drop what it has."""
    setattr(way, away, True)
    answer = ask(batch(captured()))
    assert answer["statusCode"] == 503
    assert int(answer["headers"]["Retry-After"]) >= 1


@pytest.mark.parametrize("route", FLAGS)
@pytest.mark.parametrize(
    "body", [json.dumps({"token": KEY, "distinct_id": "kim"}), "", b"\x1f\x8b", "nonsense", "\ud800"]
)
def test_there_are_no_feature_flags(way: Way, route: str, body: str | bytes, logged: Callable[[], str]) -> None:
    """In every form that clients ask for, whatever they send: nothing of it is read."""
    answer = ask(body, route, query={"v": "2"})
    flags = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert (flags["flags"], flags["featureFlags"], flags["featureFlagPayloads"]) == ({}, {}, {})
    assert flags["errorsWhileComputingFlags"] is False
    assert (flags["sessionRecording"], flags["surveys"]) == (False, False)
    assert "kim" not in logged()
    assert way.messages == []


def test_the_configuration_switches_off_what_would_take_more() -> None:
    """As JSON, and as the script that a snippet loads."""
    config = ask("", CONFIG)
    script = ask("", CONFIG_SCRIPT)
    document = json.loads(config["body"])
    assert document["token"] == KEY
    for name in ("sessionRecording", "surveys", "heatmaps", "capturePerformance", "captureDeadClicks"):
        assert document[name] is False
    assert script["headers"]["Content-Type"].startswith("text/javascript")
    assert json.dumps(document, separators=(",", ":")) in script["body"]
    assert f'all["{KEY}"]' in script["body"]


@pytest.mark.parametrize("route", [CONFIG, CONFIG_SCRIPT])
@pytest.mark.parametrize(
    "token", ["", "phc_x", "</script><script>", '"]=alert(1);a["', "rk_" + "0" * 32 + "_short", "../x"]
)
def test_what_is_no_write_key_is_in_no_script(route: str, token: str) -> None:
    """Whatever stands in the path, it is not written into what a page runs."""
    event = sample("progress_batch.json") | {"routeKey": route, "pathParameters": {"token": token}}
    answer = app.handler(event, Context())
    assert answer["statusCode"] == 404
    assert token not in answer["body"] or not token


def test_every_route_is_described() -> None:
    """In the API's description, in one of its two spellings."""
    paths = json.loads(openapi.document())["paths"]
    described = {
        f"{method.upper()} {path}": operation
        for path, methods in paths.items()
        for method, operation in methods.items()
    }
    for route in posthog.router.routes:
        assert route in described or f"{route}/" in described
    ids = [operation["operationId"] for operation in described.values()]
    assert len(ids) == len(set(ids))
