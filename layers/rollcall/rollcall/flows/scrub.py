"""Scrub: what may be kept of an analytics event, under its organisation's policy and keys; and later, once more."""

import json
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from rollcall.contracts.analytics import AnalyticsEvent, QueuedBatch, ScrubbedEvent
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber


@dataclass(frozen=True)
class Scrubbing:
    """What an organisation's events are scrubbed with."""

    scrubber: Scrubber
    pseudonymiser: Pseudonymiser
    policy_version: str


def scrub_event(event: AnalyticsEvent, scrubbing: Scrubbing) -> ScrubbedEvent:
    """Return what may be kept of an event; raises ScrubFailed, and then nothing of it may be."""
    scrubber = scrubbing.scrubber
    name = scrubber.scrub_name(event.name)
    properties = scrubber.scrub_properties(event.name, event.properties)
    remarks = [(remark.path, remark.rule, remark.action) for remark in (*name.remarks, *properties.remarks)]
    return ScrubbedEvent(
        event_id=event.event_id,
        occurred_at=event.occurred_at,
        name=name.value,
        user_pseudonym=_pseudonym(event.user_id, scrubber),
        anonymous_pseudonym=_pseudonym(event.anonymous_id, scrubber),
        session_pseudonym=_pseudonym(event.session_id, scrubber),
        properties=without_nul(properties.value),
        remarks=remarks,
        digest=scrubbing.pseudonymiser.digest(_content_of(event)),
    )


def scrub_again(batch: QueuedBatch, scrubbing: Scrubbing) -> QueuedBatch:
    """Return a scrubbed batch as the policy of now leaves it; raises ScrubFailed, ConfigurationInvalid.

    What was scrubbed already stays as it is, so that again by the same policy changes nothing; remarks add up. New
    pseudonyms are made with the batch's own key, which stands beside all of them.
    """
    scrubber = Scrubber(scrubbing.scrubber.policy, scrubbing.pseudonymiser.for_key(batch.key_id))
    events = [_scrub_event_again(event, scrubber) for event in batch.events]
    return batch.model_copy(update={"events": events, "policy_version": scrubbing.policy_version})


def _scrub_event_again(event: ScrubbedEvent, scrubber: Scrubber) -> ScrubbedEvent:
    name = scrubber.scrub_name(event.name)
    properties = scrubber.scrub_properties(event.name, event.properties)
    remarks = [(remark.path, remark.rule, remark.action) for remark in (*name.remarks, *properties.remarks)]
    return event.model_copy(
        update={
            "name": name.value,
            "properties": without_nul(properties.value),
            "remarks": [*event.remarks, *(remark for remark in remarks if remark not in event.remarks)],
        }
    )


def _content_of(event: AnalyticsEvent) -> bytes:
    """Return what the event says, the same bytes however its client writes times and orders keys."""
    happened = event.occurred_at.astimezone(UTC).isoformat()
    who = (event.user_id, event.anonymous_id, event.session_id)
    return json.dumps([str(event.event_id), event.name, happened, who, event.properties], sort_keys=True).encode()


def _pseudonym(identifier: str | None, scrubber: Scrubber) -> str | None:
    return None if identifier is None else scrubber.scrub_identifier(identifier)


def without_nul(value: Any) -> Any:
    """Return JSON without the one character that PostgreSQL cannot hold."""
    match value:
        case str():
            return value.replace("\x00", "")
        case dict():
            return {without_nul(key): without_nul(item) for key, item in value.items()}
        case list():
            return [without_nul(item) for item in value]
        case _:
            return value
