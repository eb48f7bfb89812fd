"""What clients send that no test can run here, in the forms of their sources: each body arrives whole."""

import gzip
import json
from typing import Any
from uuid import uuid4

import pytest
from rollcall.edge.wiring.ingest import analytics as wiring_analytics

from tests.builders import NOW
from tests.unit.ingest.test_segment_http import ask, basic
from tests.unit.ingest.test_track_flow import KEY, Way

AT = "2026-03-10T11:59:58.123Z"
METADATA = {"bundled": ["Segment.io"], "unbundled": [], "bundledIds": []}
DEVICE = {
    "app": {"name": "School", "version": "1.2", "namespace": "example.school", "build": "7"},
    "device": {"id": "canary-device", "manufacturer": "Maker", "model": "M1", "name": "canary's"},
    "os": {"name": "Android", "version": "14"},
    "screen": {"width": 1080, "height": 2400, "density": 2.75},
    "network": {"wifi": True, "cellular": False, "bluetooth": False},
    "locale": "en-US", "timezone": "Europe/Berlin", "userAgent": "canary-agent", "instanceId": str(uuid4()),
}  # fmt: skip


def library(name: str, version: str, **more: Any) -> dict[str, Any]:
    """Return the context that a library gives a call."""
    return {"library": {"name": name, "version": version, **more}}


def track(**members: Any) -> dict[str, Any]:
    """Return what every library tells of a track."""
    return {"type": "track", "messageId": str(uuid4()), "event": "Lesson Viewed", "timestamp": AT, **members}


KOTLIN = {
    "batch": [
        track(
            anonymousId=str(uuid4()), userId="", integrations={}, enrichment=None, _metadata=METADATA,
            context=DEVICE | library("analytics-kotlin", "1.19.1"), properties={"lesson_id": "l-1"},
        ),
        track(type="screen", name="Fractions", category="", event=None, userId="u-1", context=DEVICE, properties={}),
    ],
    "sentAt": AT, "writeKey": KEY,
}  # fmt: skip
SWIFT = {
    "batch": [
        track(
            anonymousId=str(uuid4()).upper(), userId=None, integrations={}, _metadata=METADATA,
            context=DEVICE | library("analytics-swift", "1.7.3"), properties={"lesson_id": "l-1"}, metrics=None,
        ),
        {"type": "identify", "messageId": str(uuid4()).upper(), "timestamp": AT, "userId": "u-1", "traits": {}},
    ],
    "sentAt": AT, "writeKey": KEY,
}  # fmt: skip
REACT_NATIVE = {
    "batch": [
        track(anonymousId=str(uuid4()), context=DEVICE | library("@segment/analytics-react-native", "2.21.2"),
              integrations={}, properties={"lesson_id": "l-1"}, _metadata=METADATA),
        {"type": "alias", "messageId": str(uuid4()), "timestamp": AT, "userId": "u-1", "previousId": "a-1"},
    ],
    "sentAt": AT, "writeKey": KEY,
}  # fmt: skip
# PHP has one empty array, and writes it as a list.
PHP = {
    "batch": [
        track(userId="u-1", properties=[], integrations=[], channel="server", timestamp="2026-03-10T11:59:58.000+00:00",
              context=library("analytics-php", "3.8.1", consumer="LibCurl")),
        {"type": "identify", "messageId": str(uuid4()), "timestamp": "2026-03-10T11:59:58.000+00:00", "userId": 42,
         "traits": [], "context": []},
    ],
    "sentAt": "2026-03-10T11:59:59.000+00:00",
}  # fmt: skip
RUBY = {
    "batch": [
        track(userId="u-1", timestamp="2026-03-10T12:59:58.123+01:00", properties={"lesson_id": "l-1"},
              context=library("analytics-ruby", "2.5.0")),
        {"type": "group", "messageId": str(uuid4()), "timestamp": "2026-03-10T12:59:58.123+01:00", "userId": "u-1",
         "groupId": 7, "traits": {}, "context": library("analytics-ruby", "2.5.0")},
    ],
    "sentAt": "2026-03-10T11:59:59.123Z",
}  # fmt: skip
JAVA = {
    "batch": [track(userId="u-1", timestamp=1773143998123, properties={"lesson_id": "l-1"}, integrations={}),
              track(anonymousId="a-1", timestamp="2026-03-10T11:59:58.123+0000")],
    "sentAt": AT, "context": library("analytics-java", "3.5.2"), "sequence": 1, "writeKey": KEY,
}  # fmt: skip
GO = {
    "messageId": str(uuid4()), "sentAt": "2026-03-10T11:59:59.123456789Z", "context": library("analytics-go", "3.0.0"),
    "batch": [track(userId="u-1", timestamp="2026-03-10T11:59:58.123456789Z", properties={"lesson_id": "l-1"}),
              {"type": "page", "messageId": str(uuid4()), "userId": "u-1", "name": "Fractions", "timestamp": AT}],
}  # fmt: skip
RUDDER_ANDROID = {
    "batch": [
        track(timestamp=None, originalTimestamp=AT, userId="", anonymousId=str(uuid4()), channel="mobile",
              context=DEVICE | library("com.rudderstack.android.sdk.core", "1.26.0"), properties={"lesson_id": "l-1"}),
        {"type": "screen", "event": "Fractions", "messageId": str(uuid4()), "originalTimestamp": AT, "sentAt": AT,
         "anonymousId": str(uuid4()), "channel": "mobile", "properties": {"name": "Fractions", "automatic": True}},
    ],
    "sentAt": AT,
}  # fmt: skip

JSON, PLAIN = "application/json; charset=utf-8", "text/plain"
# The route, the content type, whether it is gzipped, whether the key stands in a header; and the body.
CLIENTS: dict[str, tuple[str, str, bool, bool, dict[str, Any]]] = {
    "analytics-kotlin": ("/v1/b", PLAIN, True, True, KOTLIN),
    "analytics-kotlin, host without a version": ("/b", PLAIN, True, True, KOTLIN),
    "analytics-swift": ("/v1/b", JSON, False, True, SWIFT),
    "analytics-react-native": ("/v1/b", JSON, False, False, REACT_NATIVE),
    "analytics-php": ("/v1/batch", JSON, False, True, PHP),
    "analytics-php before 1.5": ("/v1/import", JSON, True, True, PHP),
    "analytics-ruby": ("/v1/batch", JSON, False, True, RUBY),
    "analytics-ruby before 2": ("/v1/import", JSON, False, True, RUBY),
    "analytics-java": ("/v1/import", JSON, True, True, JAVA),
    "analytics-go": ("/v1/batch", JSON, False, True, GO),
    "rudder-sdk-android": ("/v1/batch", JSON, True, True, RUDDER_ANDROID),
}


@pytest.mark.parametrize(("route", "content_type", "packed", "in_header", "body"), CLIENTS.values(), ids=CLIENTS.keys())
def test_a_body_arrives_whole(
    route: str, content_type: str, packed: bool, in_header: bool, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call of it, at its time, with what the policy keeps and nothing that tells who somebody is."""
    way = Way()
    monkeypatch.setattr(wiring_analytics, "ingest_segment", lambda: way.track)
    text = json.dumps(body)
    headers = {"content-type": content_type} | ({"content-encoding": "gzip"} if packed else {})
    sent: str | bytes = gzip.compress(text.encode()) if packed else text
    answer = ask(sent, basic(KEY) if in_header else None, route=f"POST {route}", headers=headers)
    told = json.loads(answer["body"])
    assert (answer["statusCode"], told["accepted"], told["rejected"]) == (200, len(body["batch"]), 0)
    events = way.queued()
    assert len({event.event_id for event in events}) == len(body["batch"])
    assert all(0 < (NOW - event.occurred_at).total_seconds() < 3 for event in events)
    assert all(event.user_pseudonym or event.anonymous_pseudonym for event in events)
    assert "canary" not in way.messages[0].model_dump_json()


@pytest.mark.parametrize("place", ["header", "body", "query"])
def test_a_beacon_of_one_call_arrives(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a page sends it while it is left: plain text, and the key wherever it can stand."""
    way = Way()
    monkeypatch.setattr(wiring_analytics, "ingest_segment", lambda: way.track)
    call = track(anonymousId="a-1") | ({"writeKey": KEY} if place == "body" else {})
    answer = ask(
        json.dumps(call).encode(),
        basic(KEY) if place == "header" else None,
        route="POST /v1/{call}",
        parameters={"call": "t"},
        query={"writeKey": KEY} if place == "query" else {},
        headers={"content-type": PLAIN},
    )
    assert json.loads(answer["body"])["accepted"] == 1
