"""Placeholders: what clients write where they have no id makes one event of many, and one person of all."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.placeholders import is_placeholder, names_no_event
from rollcall.domain.ingest import posthog, segment
from rollcall.domain.ingest.segment import CallRefused

from tests.builders import NOW, ORG
from tests.unit.ingest.test_posthog import captured
from tests.unit.ingest.test_segment import call

NOTHING = [
    "", " ", "\n", "\t \r\n", "\x00", "\u00a0",
    "null", "NULL", " null\n", "(null)", "<null>", '"null"', "nil", "<nil>", "None",
    "none", "undefined", "Undefined", "nan", "NaN", "[object Object]", "[object object]", "[object Undefined]",
    "[object Promise]", "{}", "[]", "''", "N/A", "(not set)", "unknown", "true", "false", "-", "?",
    "00000000-0000-0000-0000-000000000000", "0" * 32, "{00000000-0000-0000-0000-000000000000}",
    "urn:uuid:00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "f" * 32,
]  # fmt: skip
NO_EVENT = ["0", "00", "0.0", "-1", 0, 0.0, -1, "messageId", "uuid", "$insert_id", "{{uuid}}", "${messageId}"]
SOMETHING = [
    "1", 7, "m-1", "0a", "nullable", "none-7", "undefined-1700000000", "object", "nile", "10", "-2", "uuid-1",
    "00000000-0000-0000-0000-000000000001", "ajs-next-1700000000000-null", "true-1", "nana", "object lesson",
    "na", "nobody", "f" * 31,
]  # fmt: skip


def of_segment(value: Any, **changes: Any) -> UUID:
    document = call(messageId=value, **changes)
    return segment.event_of(segment.read_call(document), ORG, None, NOW).event_id


def of_posthog(member: str) -> Callable[..., UUID]:
    """Return what makes an event whose id stands in a member."""

    def make(value: Any, **changes: Any) -> UUID:
        name = changes.pop("event", "lesson viewed")
        inner = {"$insert_id": value} if member == "properties" else {}
        outer = {} if inner else {member: value}
        document = captured(uuid=..., event=name, properties=inner, **changes) | outer
        return posthog.event_of(document, ORG, NOW).event_id

    return make


ROUTES = {
    "segment": of_segment,
    **{name: of_posthog(name) for name in ("uuid", "properties", "$insert_id", "messageId", "message_id")},
}


@pytest.mark.parametrize("route", ROUTES)
def test_a_placeholder_is_no_events_id(route: str) -> None:
    """Two events stay two, by their content; the same again is the same; without a time there is no identity."""
    make = ROUTES[route]
    for value in (*NOTHING, *NO_EVENT):
        assert make(value, event="one") == make(value, event="one") != make(value, event="other"), value
        with pytest.raises(CallRefused) as refused:
            make(value, timestamp=...)
        assert refused.value.reason == "identity_missing", value


@pytest.mark.parametrize("route", ROUTES)
def test_any_other_id_is_one_event(route: str) -> None:
    """The id decides alone, also where it looks a little like a placeholder."""
    make = ROUTES[route]
    for value in SOMETHING:
        assert make(value, event="one") == make(value, event="other", timestamp=...), value


def test_a_placeholder_is_passed_over_for_a_real_id() -> None:
    """PostHog's clients may name an event in several members."""
    known = uuid4()
    for value in (*NOTHING, *NO_EVENT):
        document = captured(uuid=value, properties={"$insert_id": str(known)})
        assert posthog.event_of(document, ORG, NOW).event_id == posthog.stated_event_id(document, ORG) == known, value


def test_a_rejection_is_not_noted_under_a_placeholder() -> None:
    """It would be the rejection of every such call."""
    for value in (*NOTHING, *NO_EVENT):
        assert segment.stated_event_id({"messageId": value}, ORG) is None, value
        assert posthog.stated_event_id({"uuid": value}, ORG) is None, value


@pytest.mark.parametrize("value", NOTHING)
def test_a_placeholder_is_nobody(value: str) -> None:
    """On the routes of all clients: people without an id are not one person."""
    read = segment.read_call(call(userId=value, anonymousId="a-1", type="alias", previousId=value, groupId=value))
    assert (read.user_id, read.previous_id, read.group_id) == (None, None, None)
    made = posthog.event_of(captured(distinct_id=value), ORG, NOW)
    assert (made.user_id, made.anonymous_id) == (None, None)


@pytest.mark.parametrize("value", [*SOMETHING, "0", 0, "uuid"])
def test_any_other_id_is_a_person(value: Any) -> None:
    """A zero too: people are numbered, and one may be the first."""
    assert segment.read_call(call(userId=value)).user_id == str(value)
    assert posthog.event_of(captured(distinct_id=value), ORG, NOW).user_id == str(value)


def test_long_texts_take_no_more_than_linear_time() -> None:
    """Of the characters that are cut off at the ends."""
    for unit in (" ", "(", "\n ", "0", "-"):
        text = "x" + unit * 200_000 + "x"
        assert not is_placeholder(text)
        assert not names_no_event(text)
