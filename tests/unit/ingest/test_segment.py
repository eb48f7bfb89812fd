"""Calls of Segment's tracking API become analytics events."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError
from pydantic.alias_generators import to_snake
from rollcall.contracts.ingest.analytics import AnalyticsEvent
from rollcall.domain.ingest import segment
from rollcall.domain.ingest.segment import CallRefused
from rollcall.errors import InvalidBody

from tests.builders import NOW, ORG

TOLD_AT = "2026-03-10T11:00:00.000Z"


def call(**changes: Any) -> dict[str, Any]:
    """Return a call as a client's library writes it; a change to `...` leaves the member out."""
    document = {
        "type": "track",
        "event": "lesson viewed",
        "messageId": str(uuid4()),
        "timestamp": TOLD_AT,
        "userId": "u-1",
        "integrations": {},
    } | changes
    return {name: value for name, value in document.items() if value is not ...}


def event(document: dict[str, Any], context: Any = None, org_id: UUID = ORG) -> AnalyticsEvent:
    return segment.event_of(segment.read_call(document), org_id, context, NOW)


@pytest.mark.parametrize(
    ("document", "name", "properties"),
    [
        (call(properties={"score": 3}), "lesson viewed", {"score": 3}),
        (call(type="identify", traits={"grade": 4}, event=...), "identify", {"grade": 4}),
        (
            call(type="page", name="Home", category="Start", properties={"depth": 1}),
            "page",
            {"depth": 1, "page_name": "Home", "category": "Start"},
        ),
        (call(type="screen", name="Lesson", properties=None), "screen", {"screen_name": "Lesson"}),
        (call(type="group", groupId=7, traits={"plan": "school"}), "group", {"plan": "school", "group_id": "7"}),
        (call(type="alias", previousId="a-1", traits={"x": 1}), "alias", {"previous_id": "a-1"}),
    ],
    ids=lambda part: part.get("type") if isinstance(part, dict) else None,
)
def test_each_kind_of_call_has_its_event(document: dict[str, Any], name: str, properties: dict[str, Any]) -> None:
    """A track is named by its event, every other by its kind; what it says stands in the properties."""
    made = event(document)
    assert (made.name, made.properties, made.org_id, made.user_id) == (name, properties, ORG, "u-1")
    assert str(made.event_id) == document["messageId"]


def test_ids_may_be_numbers_or_empty() -> None:
    """A number is its digits, however it is written; an empty text is no id at all."""
    made = [event(call(userId=given, anonymousId="")) for given in (42, 42.0, "42")]
    assert {(each.user_id, each.anonymous_id) for each in made} == {("42", None)}


@pytest.mark.parametrize("name", ["userId", "anonymousId", "previousId", "groupId"])
def test_long_numbers_stay_two_people(name: str) -> None:
    """Two ids that would be one float are two, in every member that holds one; a float that may be either is none."""
    numbers = (110169484474386276334, 110169484474386276335)
    read = [getattr(segment.read_call(call(**{name: number})), to_snake(name)) for number in numbers]
    assert read == [str(number) for number in numbers]
    for inexact in (1.1016948447438627e20, 12.5, True):
        if name == "userId":
            with pytest.raises(ValidationError):
                segment.read_call(call(**{name: inexact}))
        else:
            assert getattr(segment.read_call(call(**{name: inexact})), to_snake(name)) is None


@pytest.mark.parametrize("number", [7, 7.0])
def test_a_message_id_may_be_a_number(number: float) -> None:
    """However it is written, it is one event."""
    assert event(call(messageId=number)).event_id == event(call(messageId="7")).event_id


@pytest.mark.parametrize("told", [1_773_140_400_000, 1_773_140_400_000.0, "1773140400000", 1_773_140_400])
def test_times_may_be_numbers(told: object) -> None:
    """Milliseconds since 1970, or seconds: of this century only one can be meant."""
    assert event(call(timestamp=told)).occurred_at == datetime(2026, 3, 10, 11, tzinfo=UTC)


def test_unknown_members_are_ignored() -> None:
    """Other libraries send more than we know."""
    assert event(call(projectId="x", channel="server", _metadata={"bundled": []})).name == "lesson viewed"


def test_the_batchs_context_is_shared_by_its_calls() -> None:
    """A call's own word wins, and a context that is no object says nothing."""
    shared = {"locale": "de", "app": {"version": "1"}}
    assert event(call(context={"locale": "fr"}), shared).properties == {
        "context": {"locale": "fr", "app": {"version": "1"}}
    }
    assert event(call(), "nonsense").properties == {}


@pytest.mark.parametrize(
    "text",
    ["2026-03-10T11:00:00Z", "2026-03-10T11:00:00.000000000Z", "2026-03-10T12:00:00+01:00", "2026-03-10 11:00:00",
     "2026-03-10T11:00:00", "20260310T110000Z"],
)  # fmt: skip
def test_times_are_read_as_clients_write_them(text: str) -> None:
    """With or without fractions, offset or separators; one without an offset is UTC."""
    assert event(call(timestamp=text)).occurred_at == datetime(2026, 3, 10, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "member"),
    [
        (call(timestamp="yesterday"), "timestamp"),
        (call(timestamp=42), "timestamp"),
        (call(timestamp="0001-01-01T00:00:00+14:00"), "timestamp"),
        (call(timestamp="yesterday", originalTimestamp="then"), "timestamp"),
        (call(timestamp=..., originalTimestamp="then"), "originalTimestamp"),
        (call(timestamp=None, originalTimestamp="then"), "originalTimestamp"),
        (call(timestamp=" ", originalTimestamp=["then"]), "originalTimestamp"),
        (call(timestamp="soon", originalTimestamp=""), "timestamp"),
        (call(type="delete"), "type"),
        (call(type=...), "type"),
        (call(type=["track"]), "type"),
        (call(userId={"id": 1}), "userId"),
        (call(userId="x" * 129), "userId"),
        (call(userId="two\nlines"), "userId"),
        (call(userId=..., anonymousId=[1]), "anonymousId"),
        (call(event={"name": 1}), "event"),
        (call(event=True), "event"),
    ],
)
def test_what_is_no_call_is_refused_where_it_is_wrong(document: dict[str, Any], member: str) -> None:
    """What it is, when, and who: without them nothing true could be kept. The fault names the member."""
    with pytest.raises(ValidationError) as refused:
        segment.read_call(document)
    assert member in {fault["loc"][0] for fault in refused.value.errors()}


@pytest.mark.parametrize("document", [None, [], 5, "track", {}, {"type": None}])
def test_what_cannot_be_read_is_no_call(document: Any) -> None:
    """Whatever stands in the array."""
    with pytest.raises(ValidationError):
        segment.read_call(document)


def nested(levels: int) -> Any:
    """Return a value within so many lists."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


NO_OBJECTS = [[], [1], "web", 5, True, 0.5, "", [{"a": 1}]]
NO_TEXTS = [[], {}, True, {"a": [1]}]


@pytest.mark.parametrize(
    "changes",
    [
        *({member: value} for member in ("properties", "traits", "context") for value in NO_OBJECTS),
        *({member: value} for member in ("previousId", "groupId", "name", "category") for value in NO_TEXTS),
        {"anonymousId": {"id": 1}}, {"anonymousId": "two\nlines"}, {"anonymousId": "x" * 129}, {"messageId": ["m-1"]},
        {"messageId": True}, {"originalTimestamp": "then"}, {"userId": {"id": 1}, "anonymousId": "a-1"},
        {"userId": "u\x00v", "anonymousId": "a-1"}, {"timestamp": "soon", "originalTimestamp": TOLD_AT},
        {"properties": {"half": "\ud800", "\udfff": 1}}, {"traits": {"deep": nested(220)}},
        {"properties": {"deep": nested(900)}}, {"context": {"half": {"of it": "\ud83d"}}},
        {"integrations": nested(220), "projectId": "\ud800"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("call_type", ["track", "page", "identify", "group", "alias"])
def test_an_unusable_member_costs_itself(changes: dict[str, Any], call_type: str) -> None:
    """The call is kept with all that can be kept of it, and can be written again."""
    kept = event(call(type=call_type) | changes)
    assert kept.name == ("lesson viewed" if call_type == "track" else call_type)
    assert kept.user_id or kept.anonymous_id
    assert kept.occurred_at == datetime(2026, 3, 10, 11, tzinfo=UTC)
    json.dumps(kept.model_dump(mode="json")).encode()


@pytest.mark.parametrize(
    ("told", "read"),
    [("42\n", "42"), (" 42 ", "42"), ("\r\n42\t", "42"), ("\x0042", "42"), ("4 2", "4 2"), ("42\u00a0", "42")],
)
@pytest.mark.parametrize("member", ["userId", "anonymousId", "groupId", "previousId"])
def test_ids_are_trimmed(member: str, told: str, read: str) -> None:
    """What stands round an id is no part of it; what stands within stays."""
    assert getattr(segment.read_call(call(**{member: told})), to_snake(member)) == read


@pytest.mark.parametrize("told", ["\n", "  ", "\x00", ""])
def test_an_id_of_nothing_is_none(told: str) -> None:
    """It is read as absent, as an empty text is."""
    assert segment.read_call(call(userId=told)).user_id is None


@pytest.mark.parametrize(
    ("told", "read"),
    [("Lesson\nViewed", "Lesson Viewed"), ("Lesson Viewed\r\n", "Lesson Viewed"), ("a\x00b", "a b"), (7, "7"),
     ("tab\tname", "tab name"), ("x" * 200, "x" * 128), ("two  spaces", "two  spaces")],
)  # fmt: skip
def test_names_of_events_are_one_line(told: Any, read: str) -> None:
    """A line break is a space, and what is too long is cut: the policy goes by the name in any case."""
    assert event(call(event=told)).name == read


@pytest.mark.parametrize("call_type", ["page", "identify", "alias"])
def test_only_a_track_needs_its_event(call_type: str) -> None:
    """What cannot be read of another's costs nothing."""
    assert event(call(type=call_type, event={"a": 1})).name == call_type


@pytest.mark.parametrize("told", ["Track", " track", "TRACK"])
def test_types_are_read_in_any_case(told: str) -> None:
    """Some libraries write them so."""
    assert segment.read_call(call(type=told)).type == "track"


def test_an_original_timestamp_stands_in_for_a_timestamp() -> None:
    """As RudderStack's libraries write it; where both are given, the timestamp counts."""
    then = "2026-03-07T11:00:00Z"
    assert event(call(timestamp=..., originalTimestamp=then)).occurred_at == datetime(2026, 3, 7, 11, tzinfo=UTC)
    assert event(call(originalTimestamp=then)).occurred_at == datetime(2026, 3, 10, 11, tzinfo=UTC)
    assert event(call(timestamp=None, originalTimestamp=then)).occurred_at == datetime(2026, 3, 7, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (call(event=...), "event_missing"),
        (call(event=""), "event_missing"),
        (call(messageId=..., timestamp=...), "identity_missing"),
    ],
)
def test_a_call_without_what_it_needs_is_refused(document: dict[str, Any], reason: str) -> None:
    """A track has an event; and something has to tell a repetition from another call."""
    with pytest.raises(CallRefused) as refused:
        event(document)
    assert refused.value.reason == reason


def test_a_message_id_is_the_identity() -> None:
    """A UUID stays, however it is spelled; another text is one event of one organisation, and of another another's."""
    known = uuid4()
    plain = (str(known), known.hex, f"{{{known}}}", known.urn, f" {known}\n")
    spellings = [*plain, *(text.upper() for text in plain[:3])]
    assert {segment.stated_event_id(call(messageId=text, type="no"), ORG) for text in spellings} == {known}
    assert {event(call(messageId=text)).event_id for text in spellings} == {known}
    texts = ["ajs-next-1700000000000-" + str(known), "m-1"]
    ids = [event(call(messageId=text)).event_id for text in texts]
    assert ids == [event(call(messageId=text, event="other")).event_id for text in texts]
    other = [event(call(messageId=text), org_id=uuid4()).event_id for text in texts]
    assert len({known, *ids, *other}) == 5


def test_without_a_message_id_the_content_is_the_identity() -> None:
    """What is sent again is the same event, however its time is written; any other word makes another."""
    document = call(messageId=..., properties={"a": 1, "b": 2})
    again = document | {"properties": {"b": 2, "a": 1}, "timestamp": "2026-03-10T12:00:00+01:00"}
    others = [document | {"userId": "u-2"}, document | {"timestamp": "2026-03-10T11:00:00.001Z"}]
    first = event(document).event_id
    assert event(again).event_id == first
    assert len({first, *(event(other).event_id for other in others), event(document, org_id=uuid4()).event_id}) == 4


def test_what_a_call_is_known_by_never_changes() -> None:
    """A call of an earlier release that is sent again under a later one is the same event."""
    document = call(messageId=..., properties={"b": 2, "a": "\u00e4"}, context={"locale": "de"}, anonymousId="a-1")
    golden = UUID("eddddb37-5ef6-50ba-944e-52c559f39fab")
    assert event(document).event_id == golden
    assert event(document | {"originalTimestamp": "2026-01-01T00:00:00Z", "sentAt": TOLD_AT}).event_id == golden


@pytest.mark.parametrize(
    ("sent_at", "read"),
    [("2026-03-10T12:00:00Z", NOW), (None, None), ("soon", None), (5, None), ({"at": 1}, None)],
)
def test_a_sent_at_that_cannot_be_read_is_none(sent_at: Any, read: datetime | None) -> None:
    """It never fails a batch."""
    batch = segment.read_segment_batch(json.dumps({"batch": [1], "sentAt": sent_at}).encode())
    assert segment.read_sent_at([batch.sent_at]) == read


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"batch": {}}', b'{"batch": []}', b"\xff"])
def test_what_is_no_batch_is_refused(body: bytes) -> None:
    """An object with an array, in JSON."""
    with pytest.raises(InvalidBody):
        segment.read_segment_batch(body)
