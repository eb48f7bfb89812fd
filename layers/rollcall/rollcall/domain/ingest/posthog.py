"""Events of PostHog's clients become analytics events. Pure: the client's words in, ours out.

A member that cannot be read counts as absent, and does not cost its event; a time does, since the event would get a
false one. An event never costs its batch.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from rollcall.contracts.identifiers import id_text, read_uuid
from rollcall.contracts.ingest.analytics import AnalyticsEvent, UntimedEvent
from rollcall.contracts.placeholders import is_placeholder, names_no_event
from rollcall.contracts.times import read_foreign_time
from rollcall.domain.ingest import write_key
from rollcall.domain.ingest.posthog_body import KEY_NAMES
from rollcall.domain.ingest.posthog_names import CONTEXT, EVENTS, LIFTED, PROPERTIES, TRAITS, VERSIONS
from rollcall.domain.ingest.readable import readable, readable_text
from rollcall.domain.ingest.segment import CallRefused

NAMESPACE = UUID("8d3b7c5e-0c52-4d0f-9b8e-5f1a6f0f7c23")  # drawn once; another would make every event a new one
IDENTIFIER_MAX = 128
TIME_FORMS = "It is a time: ISO 8601, or a number since 1970."
MESSAGE_IDS = ("messageId", "message_id")  # of clients for Ruby and Go
# What clients send in place of a person's id, beside the placeholders of all clients; cookieless events share one.
ANONYMOUS_IDS = frozenset(("anonymous", "guest", "distinct_id", "$posthog_cookieless"))


def event_of(document: Any, org_id: UUID, sent_at: datetime) -> AnalyticsEvent:
    """Return the event that a document is, with the client's time; raises CallRefused.

    `sent_at` stands in for the time of an event without one.
    """
    if not isinstance(document, dict):
        raise CallRefused("not_an_event", "event")
    stated = document.get("event")
    name = readable_text(stated)[:IDENTIFIER_MAX].strip() if isinstance(stated, str) else ""
    if not name:
        raise CallRefused("event_missing", "event")
    properties = _object(document.get("properties"))
    _refuse_other_key(document, properties, org_id)
    stated_at = _stated_time(document, properties)
    happened_at = stated_at or _time_by_offset(document, sent_at)
    event_id = _event_id(document, properties, org_id)
    user_id, anonymous_id = _who(document, properties)
    # With an offset, each attempt to send gives another time; without any, the time of the attempt is used.
    kind = AnalyticsEvent if stated_at else UntimedEvent
    return kind(
        event_id=event_id,
        org_id=org_id,
        name=EVENTS.get(name, name),
        occurred_at=happened_at or sent_at,
        user_id=user_id,
        anonymous_id=anonymous_id,
        session_id=_identifier(properties.get("$session_id")) or _identifier(document.get("session_id")),
        properties=_properties(name, document, properties),
    )


def _refuse_other_key(document: Mapping[str, Any], properties: Mapping[str, Any], org_id: UUID) -> None:
    """Raise CallRefused for an event that names another organisation's key than it was sent under.

    Its properties may hold tokens of the application's own: of those only a write key counts.
    """
    for name in KEY_NAMES:
        if write_key.is_of_another(document.get(name), org_id):
            raise CallRefused("write_key_differs", name)
        stated = properties.get(name)
        if isinstance(stated, str) and write_key.read(stated.strip()) and write_key.is_of_another(stated, org_id):
            raise CallRefused("write_key_differs", f"properties/{name}")


def insert_event_id(org_id: UUID, insert_id: str) -> UUID:
    """Return the id of the event that an organisation's client knows by this id, which is no UUID."""
    return uuid5(NAMESPACE, f"{org_id} insert {readable(insert_id)}")


def stated_event_id(document: Any, org_id: UUID) -> UUID | None:
    """Return the id that a document names its event by: its uuid, or what the client calls its insert or message id."""
    stated = _object(document)
    properties = _object(stated.get("properties"))
    for value in (stated.get("uuid"), properties.get("$insert_id"), *map(stated.get, ("$insert_id", *MESSAGE_IDS))):
        text = id_text(value)
        if text and not names_no_event(text):
            return read_uuid(text.strip()) or insert_event_id(org_id, text)
    return None


def _event_id(document: Mapping[str, Any], properties: Mapping[str, Any], org_id: UUID) -> UUID:
    """Return what makes an event count once: the id that it is named by, or else its content."""
    named = stated_event_id(document, org_id)
    if named is not None:
        return named
    # Without a time as well, two actions of a person would look like one event sent twice.
    if _stated_time(document, properties) is None:
        raise CallRefused("identity_missing", "uuid")
    members = {name: value for name, value in document.items() if name not in {"sent_at", "offset"}}
    return uuid5(NAMESPACE, f"{org_id} content {json.dumps(readable(members), sort_keys=True)}")


def _stated_time(document: Mapping[str, Any], properties: Mapping[str, Any]) -> datetime | None:
    """Return the first readable time of an event, or None if it has no time.

    Raises CallRefused if it has times and none can be read. A property `timestamp` may be the application's own, so
    that it may be anything.
    """
    unreadable = ""
    for member, stated in (
        ("timestamp", document.get("timestamp")),
        ("", properties.get("timestamp")),
        ("properties/$time", properties.get("$time")),
    ):
        try:
            if moment := read_foreign_time(stated):
                return moment
        except ValueError:
            unreadable = unreadable or member
    if unreadable and not _has_offset(document):
        raise CallRefused("invalid", unreadable, TIME_FORMS)
    return None


def _has_offset(document: Mapping[str, Any]) -> bool:
    offset = document.get("offset")
    return isinstance(offset, int | float) and not isinstance(offset, bool)


def _time_by_offset(document: Mapping[str, Any], sent_at: datetime) -> datetime | None:
    """Return the time by the offset in milliseconds before sending; None without an offset.

    Raises CallRefused for an offset that no time has.
    """
    offset = document.get("offset")
    if offset is None or offset == "":
        return None
    try:
        if _has_offset(document):
            return (sent_at - timedelta(milliseconds=offset)).astimezone(UTC)
    except (OverflowError, ValueError):
        pass
    raise CallRefused("invalid", "offset", "It is a number of milliseconds.")


def _who(document: Mapping[str, Any], properties: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the user's id and the anonymous one.

    A distinct_id is anonymous where the client says so, or where it is the device's own; before that and after it
    the device's id is the same, so that the actions of one person are joined.
    """
    stated = (document.get("distinct_id"), document.get("$distinct_id"), properties.get("distinct_id"))
    distinct_id = next((text for text in map(_identifier, stated) if text), None)
    device_id = _identifier(properties.get("$device_id"))
    before = _identifier(properties.get("$anon_distinct_id"))
    is_anonymous = (
        properties.get("$is_identified") is False
        or properties.get("$process_person_profile") is False
        or _object(document.get("options")).get("process_person_profile") is False
        or (distinct_id is not None and distinct_id == device_id)
    )
    if is_anonymous:
        return None, distinct_id or device_id
    return distinct_id, before or device_id


def _identifier(value: object) -> str | None:
    """Return an id as it can be kept: a long one as its digest, None for a text that names no person."""
    text = id_text(value)
    text = readable_text(text).strip() if text else ""
    if is_placeholder(text) or text.lower() in ANONYMOUS_IDS:
        return None
    return text if len(text) <= IDENTIFIER_MAX else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _properties(name: str, document: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the other properties, under the names of our own vocabulary where it has them."""
    traits: dict[str, Any] = {}
    for member in TRAITS.get(name, ()):
        traits |= _object(document.get(member)) | _object(stated.get(member))
    named = {
        ours: (id_text(stated[key]) if key in VERSIONS else stated[key])
        for key, ours in PROPERTIES.items()
        if key in stated
    }
    if name == "$create_alias" and "alias" in stated:
        named["previous_id"] = stated["alias"]
    context = _context(stated)
    rest = {key: value for key, value in stated.items() if key not in LIFTED}
    person = {key: document[key] for key in ("$set", "$set_once") if key in document and key not in rest}
    return _object(readable(person | named | traits | rest | ({"context": context} if context else {})))


def _context(stated: Mapping[str, Any]) -> dict[str, Any]:
    context: dict[str, Any] = {}
    for key, (outer, inner) in CONTEXT.items():
        if key in stated:
            context.setdefault(outer, {})[inner] = stated[key]
    return context


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
