"""Events of PostHog's clients become analytics events. Pure: the client's words in, ours out.

A member that cannot be read counts as absent: it never costs an event, and an event never costs its batch.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from rollcall.contracts.analytics import AnalyticsEvent
from rollcall.contracts.identifiers import id_text, read_uuid
from rollcall.contracts.times import read_foreign_time
from rollcall.domain.posthog_names import CONTEXT, EVENTS, LIFTED, PROPERTIES, TRAITS, VERSIONS
from rollcall.domain.readable import readable, readable_text
from rollcall.domain.segment import CallRefused

NAMESPACE = UUID("8d3b7c5e-0c52-4d0f-9b8e-5f1a6f0f7c23")  # drawn once; another would make every event a new one
IDENTIFIER_MAX = 128
MESSAGE_IDS = ("messageId", "message_id")  # of clients for Ruby and Go
# What clients send in place of an id where they have none; cookieless events share one.
NOBODY = frozenset(
    (
        "",
        "null",
        "none",
        "undefined",
        "nil",
        "anonymous",
        "guest",
        "distinct_id",
        "$posthog_cookieless",
        "[object object]",
    )
)


def event_of(document: Any, org_id: UUID, sent_at: datetime) -> AnalyticsEvent:
    """Return the event that a document is, with the time that its client tells; raises CallRefused.

    `sent_at` stands in for the time of an event that tells none.
    """
    if not isinstance(document, dict):
        raise CallRefused("not_an_event", "event")
    told = document.get("event")
    name = readable_text(told)[:IDENTIFIER_MAX].strip() if isinstance(told, str) else ""
    if not name:
        raise CallRefused("event_missing", "event")
    properties = _object(document.get("properties"))
    happened_at = _time(document, properties, sent_at)
    event_id = _event_id(document, properties, org_id)
    user_id, anonymous_id = _who(document, properties)
    return AnalyticsEvent(
        event_id=event_id,
        org_id=org_id,
        name=EVENTS.get(name, name),
        occurred_at=happened_at or sent_at,
        user_id=user_id,
        anonymous_id=anonymous_id,
        session_id=_identifier(properties.get("$session_id")) or _identifier(document.get("session_id")),
        properties=_properties(name, document, properties),
    )


def insert_event_id(org_id: UUID, insert_id: str) -> UUID:
    """Return the id of the event that an organisation's client knows by this id, which is no UUID."""
    return uuid5(NAMESPACE, f"{org_id} insert {readable(insert_id)}")


def told_event_id(document: Any, org_id: UUID) -> UUID | None:
    """Return the id that a document names its event by: its uuid, or what the client calls its insert or message id."""
    told = _object(document)
    properties = _object(told.get("properties"))
    for value in (told.get("uuid"), properties.get("$insert_id"), *map(told.get, ("$insert_id", *MESSAGE_IDS))):
        text = id_text(value)
        if text and (found := read_uuid(text)):
            return found
        if text:
            return insert_event_id(org_id, text)
    return None


def _event_id(document: Mapping[str, Any], properties: Mapping[str, Any], org_id: UUID) -> UUID:
    """Return what makes an event count once: the id that it is named by, or else its content."""
    named = told_event_id(document, org_id)
    if named is not None:
        return named
    # With no time either, what somebody does twice could not be told from what a client sends twice.
    if _told_time(document, properties) is None:
        raise CallRefused("identity_missing", "uuid")
    members = {name: value for name, value in document.items() if name not in {"sent_at", "offset"}}
    return uuid5(NAMESPACE, f"{org_id} content {json.dumps(readable(members), sort_keys=True)}")


def _told_time(document: Mapping[str, Any], properties: Mapping[str, Any]) -> datetime | None:
    for told in (document.get("timestamp"), properties.get("timestamp"), properties.get("$time")):
        try:
            if moment := read_foreign_time(told):
                return moment
        except ValueError:
            continue
    return None


def _time(document: Mapping[str, Any], properties: Mapping[str, Any], sent_at: datetime) -> datetime | None:
    """Return when it happened by the client's clock: its timestamp, or how long before it was sent."""
    moment, offset = _told_time(document, properties), document.get("offset")
    if moment is None and isinstance(offset, int | float) and not isinstance(offset, bool):
        try:
            return (sent_at - timedelta(milliseconds=offset)).astimezone(UTC)
        except (OverflowError, ValueError):
            return None
    return moment


def _who(document: Mapping[str, Any], properties: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the user's id and the anonymous one.

    A distinct_id is anonymous where the client says so, or where it is the device's own; before that and after it
    the device's id is the same, so that what somebody did is joined.
    """
    told = (document.get("distinct_id"), document.get("$distinct_id"), properties.get("distinct_id"))
    distinct_id = next((text for text in map(_identifier, told) if text), None)
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
    """Return an id as it can be kept: one that is too long by its digest, None for what names nobody."""
    text = id_text(value)
    text = readable_text(text).strip() if text else ""
    if text.lower() in NOBODY:
        return None
    return text if len(text) <= IDENTIFIER_MAX else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _properties(name: str, document: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what else is told, under the names of our own vocabulary where it has one."""
    traits: dict[str, Any] = {}
    for member in TRAITS.get(name, ()):
        traits |= _object(document.get(member)) | _object(told.get(member))
    named = {
        ours: (id_text(told[key]) if key in VERSIONS else told[key]) for key, ours in PROPERTIES.items() if key in told
    }
    if name == "$create_alias" and "alias" in told:
        named["previous_id"] = told["alias"]
    context = _context(told)
    rest = {key: value for key, value in told.items() if key not in LIFTED}
    person = {key: document[key] for key in ("$set", "$set_once") if key in document and key not in rest}
    return _object(readable(person | named | traits | rest | ({"context": context} if context else {})))


def _context(told: Mapping[str, Any]) -> dict[str, Any]:
    context: dict[str, Any] = {}
    for key, (outer, inner) in CONTEXT.items():
        if key in told:
            context.setdefault(outer, {})[inner] = told[key]
    return context


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
