"""Events of PostHog's clients become analytics events; a member that cannot be read never costs one."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.analytics import AnalyticsEvent
from rollcall.domain.ingest import posthog
from rollcall.domain.ingest.segment import CallRefused

from tests.builders import NOW, ORG

TOLD_AT = "2026-03-10T11:00:00.000Z"
DEVICE = "01a22df0-8e00-769a-812f-ccc15027c34a"


def captured(**changes: Any) -> dict[str, Any]:
    """Return an event as a client's library writes it; a change to `...` leaves the member out."""
    document = {
        "event": "lesson viewed",
        "uuid": str(uuid4()),
        "distinct_id": "u-1",
        "timestamp": TOLD_AT,
        "properties": {"lesson_id": "l-1"},
    } | changes
    return {name: value for name, value in document.items() if value is not ...}


def event(document: Any, org_id: UUID = ORG) -> AnalyticsEvent:
    return posthog.event_of(document, org_id, NOW)


@pytest.mark.parametrize(
    ("document", "name", "properties"),
    [
        ({"event": "lesson viewed", "properties": {"lesson_id": "l-1"}}, "lesson viewed", {"lesson_id": "l-1"}),
        (
            {"event": "$pageview", "properties": {"$current_url": "https://s.example/x", "$pathname": "/x"}},
            "page",
            {"url": "https://s.example/x", "path": "/x"},
        ),
        ({"event": "$screen", "properties": {"$screen_name": "Lessons"}}, "screen", {"screen_name": "Lessons"}),
        (
            {"event": "$identify", "$set": {"plan": "p"}, "$set_once": {"role": "r"}, "properties": {}},
            "identify",
            {"plan": "p", "role": "r", "$set": {"plan": "p"}, "$set_once": {"role": "r"}},
        ),
        (
            {"event": "$identify", "properties": {"$set": {"plan": "p"}, "$set_once": {"plan": "old"}}},
            "identify",
            {"plan": "p", "$set": {"plan": "p"}, "$set_once": {"plan": "old"}},
        ),
        ({"event": "$set", "$set": {"plan": 1}, "properties": {}}, "profile_updated", {"plan": 1, "$set": {"plan": 1}}),
        (
            {
                "event": "$groupidentify",
                "properties": {"$group_type": "school", "$group_key": "s", "$group_set": {"plan": "p"}},
            },
            "group",
            {"group_type": "school", "group_id": "s", "plan": "p", "$group_set": {"plan": "p"}},
        ),
        ({"event": "$create_alias", "properties": {"alias": "old"}}, "alias", {"alias": "old", "previous_id": "old"}),
        ({"event": "lesson viewed", "properties": {"alias": "x"}}, "lesson viewed", {"alias": "x"}),
        ({"event": "$autocapture", "properties": {"$event_type": "click"}}, "$autocapture", {"$event_type": "click"}),
        (
            {"properties": {"$lib": "web", "$lib_version": "1.4", "$screen_width": 7, "$os": "Linux", "$browser": "C"}},
            "lesson viewed",
            {
                "os_name": "Linux",
                "browser_name": "C",
                "context": {"library": {"name": "web", "version": "1.4"}, "screen": {"width": 7}},
            },
        ),
        (
            {"properties": {"$browser_version": 150, "$os_version": "12"}},
            "lesson viewed",
            {"browser_version": "150", "os_version": "12"},
        ),
    ],
)  # fmt: skip
def test_names_are_those_of_our_vocabulary(document: dict[str, Any], name: str, properties: dict[str, Any]) -> None:
    """Where it has one for the same thing, so that events of all clients are counted together."""
    made = event(captured(**document))
    assert (made.name, made.properties) == (name, properties)


def test_what_a_client_names_itself_goes_before_what_its_library_adds() -> None:
    """A page's own `url` is not overwritten by the browser's."""
    assert event(captured(properties={"$current_url": "a", "url": "b"})).properties["url"] == "b"


IDENTIFIED, ANONYMOUS = {"$is_identified": True, "$device_id": DEVICE}, {"$is_identified": False, "$device_id": DEVICE}


@pytest.mark.parametrize(
    ("changes", "user_id", "anonymous_id"),
    [
        ({"distinct_id": "kim"}, "kim", None),
        ({"distinct_id": 42}, "42", None),
        ({"distinct_id": 12345.0}, "12345", None),
        ({"distinct_id": 110169484474386276334}, "110169484474386276334", None),
        ({"distinct_id": ..., "properties": {"distinct_id": "kim"}}, "kim", None),
        ({"distinct_id": ..., "$distinct_id": "kim"}, "kim", None),
        ({"distinct_id": "kim", "properties": IDENTIFIED}, "kim", DEVICE),
        ({"distinct_id": DEVICE, "properties": ANONYMOUS}, None, DEVICE),
        ({"distinct_id": DEVICE, "properties": {"$device_id": DEVICE}}, None, DEVICE),
        ({"distinct_id": "x", "properties": {"$process_person_profile": False}}, None, "x"),
        ({"distinct_id": "kim", "properties": {"$anon_distinct_id": "a", "$device_id": DEVICE}}, "kim", "a"),
        ({"distinct_id": ...}, None, None),
        ({"distinct_id": ""}, None, None),
        ({"distinct_id": " "}, None, None),
        ({"distinct_id": "null"}, None, None),
        ({"distinct_id": "undefined"}, None, None),
        ({"distinct_id": "[object Object]"}, None, None),
        ({"distinct_id": "$posthog_cookieless", "properties": ANONYMOUS}, None, DEVICE),
        ({"distinct_id": ["kim"]}, None, None),
        ({"distinct_id": {"id": "kim"}}, None, None),
        ({"distinct_id": True}, None, None),
        ({"distinct_id": 1e300}, None, None),
        ({"distinct_id": "kim\n"}, "kim", None),
        ({"distinct_id": "k\x00im"}, "k im", None),
        ({"distinct_id": "\ud800kim"}, "\ufffdkim", None),
        ({"distinct_id": ["x"], "properties": {"distinct_id": "kim"}}, "kim", None),
    ],
)  # fmt: skip
def test_who_it_was(changes: dict[str, Any], user_id: str | None, anonymous_id: str | None) -> None:
    """A user, or a visitor whom the client does not know yet; an anonymous id names no person."""
    made = event(captured(**changes))
    assert (made.user_id, made.anonymous_id) == (user_id, anonymous_id)


def test_a_long_id_is_kept_apart_from_others() -> None:
    """By its digest: cut off, two people could be one."""
    ids = {event(captured(distinct_id="x" * 200 + end)).user_id for end in ("a", "b", "a")}
    assert len(ids) == 2
    assert all(found is not None and len(found) <= 128 for found in ids)


@pytest.mark.parametrize(
    ("changes", "happened_at"),
    [
        ({}, "2026-03-10T11:00:00+00:00"),
        ({"timestamp": "2026-03-10T12:00:00+01:00"}, "2026-03-10T11:00:00+00:00"),
        ({"timestamp": "2026-03-10 11:00:00"}, "2026-03-10T11:00:00+00:00"),
        ({"timestamp": 1773140400000}, "2026-03-10T11:00:00+00:00"),
        ({"timestamp": ..., "properties": {"$time": 1773140400.5}}, "2026-03-10T11:00:00.500000+00:00"),
        ({"timestamp": "soon", "properties": {"$time": 1773140400}}, "2026-03-10T11:00:00+00:00"),
        ({"timestamp": ..., "offset": 1500}, (NOW - timedelta(seconds=1.5)).isoformat()),
        ({"timestamp": ...}, NOW.isoformat()),
        ({"timestamp": None, "properties": {"$time": ""}, "offset": None}, NOW.isoformat()),
        ({"timestamp": " ", "offset": ""}, NOW.isoformat()),
        ({"timestamp": ..., "properties": {"timestamp": "in the morning"}}, NOW.isoformat()),
        ({"timestamp": "soon", "offset": 1500}, (NOW - timedelta(seconds=1.5)).isoformat()),
    ],
)
def test_when_it_was(changes: dict[str, Any], happened_at: str) -> None:
    """Its time, or how long before it was sent: the first that can be read; now only where it tells none."""
    assert event(captured(**changes)).occurred_at == datetime.fromisoformat(happened_at).astimezone(UTC)


NO_TIMES: list[Any] = ["soon", "03/08/2026", ["x"], {}, True, 42, 5e9, 10**400]
NO_OFFSETS: list[Any] = [1e300, float("inf"), "x", True, [], {}]


@pytest.mark.parametrize("identity", [{}, {"uuid": ...}])
@pytest.mark.parametrize(
    ("changes", "member"),
    [
        *(({"timestamp": told}, "timestamp") for told in NO_TIMES),
        ({"timestamp": ..., "properties": {"$time": "x"}}, "properties/$time"),
        *(({"timestamp": ..., "offset": told}, "offset") for told in NO_OFFSETS),
        ({"timestamp": "soon", "offset": "x"}, "timestamp"),
        ({"timestamp": "soon", "properties": {"$time": "x", "timestamp": "then"}}, "timestamp"),
    ],
)
def test_a_time_that_cannot_be_read_is_not_now(identity: dict[str, Any], changes: dict[str, Any], member: str) -> None:
    """The event is refused, as on the routes of Segment's clients: it would be stored at a false time."""
    with pytest.raises(CallRefused) as refused:
        event(captured(**(identity | changes)))
    assert (refused.value.reason, refused.value.member) == ("invalid", member)


def test_a_uuid_is_the_identity_however_it_is_spelled() -> None:
    """And the same event sent again is the same."""
    identity = uuid4()
    spellings = [str(identity), str(identity).upper(), identity.hex, f"{{{identity}}}"]
    assert {event(captured(uuid=spelling)).event_id for spelling in spellings} == {identity}


def test_without_a_uuid_the_insert_id_is_the_identity() -> None:
    """Of its organisation, with any other members."""
    document = captured(uuid=..., properties={"$insert_id": "n1pr407lr01hfqi2"})
    again = captured(uuid=None, properties={"$insert_id": "n1pr407lr01hfqi2"}, timestamp="2026-03-10T12:00:00Z")
    other = captured(uuid=..., properties={"$insert_id": "another"})
    assert event(document).event_id == event(again).event_id
    assert len({event(one).event_id for one in (document, other)} | {event(document, uuid4()).event_id}) == 3


@pytest.mark.parametrize("name", ["messageId", "message_id"])
def test_clients_that_name_a_message_are_known_by_it(name: str) -> None:
    """As those for Ruby and Go."""
    identity = uuid4()
    assert event(captured(uuid=..., timestamp=..., **{name: str(identity)})).event_id == identity
    assert event(captured(uuid=..., **{name: "m-1"})).event_id == event(captured(uuid=..., **{name: "m-1"})).event_id


def test_without_either_the_content_is_the_identity() -> None:
    """With its time: and when it was sent is no part of it."""
    document = captured(uuid=...)
    assert event(document).event_id == event(document | {"sent_at": "x", "offset": 3}).event_id
    for change in ({"timestamp": "2026-03-10T11:00:01Z"}, {"distinct_id": "u-2"}, {"properties": {"lesson_id": "l-2"}}):
        assert event(document | change).event_id != event(document).event_id


@pytest.mark.parametrize("changes", [{}, {"offset": 10}, {"properties": {"timestamp": "x"}}])
def test_what_has_neither_id_nor_time_is_refused(changes: dict[str, Any]) -> None:
    """Nothing could tell a repetition from another event."""
    with pytest.raises(CallRefused) as refused:
        event(captured(uuid=..., timestamp=...) | changes)
    assert (refused.value.reason, refused.value.member) == ("identity_missing", "uuid")


@pytest.mark.parametrize(
    "document", [None, 7, "x", [], True, {}, {"event": ""}, {"event": 7}, {"event": "\n"}, {"event": None}]
)
def test_what_is_no_event_is_refused(document: Any) -> None:
    """It alone."""
    with pytest.raises(CallRefused):
        event(document)


DEEP: Any = json.loads('{"a":' * 220 + "1" + "}" * 220)


@pytest.mark.parametrize(
    "changes",
    [
        {"properties": []},
        {"properties": "x"},
        {"properties": None},
        {"properties": DEEP},
        {"properties": {"lesson_id": "l-1", "\ud800": "\udfff", "x": [DEEP]}},
        {"$set": "x", "event": "$identify"},
        {"$set": [1], "$set_once": 7, "event": "$set"},
        {"properties": {"$group_set": "x"}, "event": "$groupidentify"},
        {"properties": {"$session_id": {}, "$device_id": [], "$lib": {}, "$browser_version": {}}},
        {"event": "lesson\nviewed"},
        {"event": "x" * 500},
        {"event": "\ud800"},
        {"uuid": {}},
        {"uuid": "not a uuid"},
        {"uuid": "\ud800"},
        {"sent_at": []},
    ],
)
def test_one_unusable_member_never_costs_an_event(changes: dict[str, Any]) -> None:
    """It is read without it, and can be written as JSON."""
    made = event(captured(**changes))
    json.dumps(made.model_dump(mode="json"), ensure_ascii=False).encode()
    assert 0 < len(made.name) <= 128


def test_who_it_was_stands_nowhere_else() -> None:
    """Neither do tokens and devices: what became a member of its own is no property any more."""
    made = event(
        captured(
            distinct_id="kim",
            properties={
                "distinct_id": "kim",
                "$device_id": DEVICE,
                "$user_id": "kim",
                "token": "rk_x",
                "$session_id": "s",
            },
        )
    )
    assert made.properties == {}
    assert made.session_id == "s"
