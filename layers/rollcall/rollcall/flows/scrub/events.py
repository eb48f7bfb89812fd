"""Scrub analytics events by their organisation's policy and keys, on arrival and again under a later policy."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from rollcall.contracts.identifiers import canonical_id
from rollcall.contracts.ingest.analytics import AnalyticsEvent, QueuedBatch, ScrubbedEvent, UntimedEvent
from rollcall.domain.scrub.policy import Policy
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Remark, Scrubber

# Optional members that AnalyticsEvent gained after version 1 of the digest and that are content: none so far.
LATER_MEMBERS: set[str] = set()

# Digested in place of a time that the client did not send.
UNTIMED = "untimed"

CLOCK_RULE = "@clock"
Correct = Callable[[datetime], datetime]
"""Returns a client's time, corrected to Rollcall's clock."""


class Sample(Protocol):
    """The content of an analytics event, without its identity."""

    @property
    def name(self) -> str:
        """The name of the event."""

    @property
    def user_id(self) -> str | None:
        """Who."""

    @property
    def anonymous_id(self) -> str | None:
        """The id of a person who has not signed in."""

    @property
    def session_id(self) -> str | None:
        """The id of the visit."""

    @property
    def properties(self) -> dict[str, Any]:
        """The event's properties."""


@dataclass(frozen=True)
class Scrubbing:
    """The policy, keys and catalogue that scrub an organisation's events."""

    scrubber: Scrubber
    pseudonymiser: Pseudonymiser
    policy: Policy

    @property
    def policy_version(self) -> str:
        """The version. It changes whenever the policy or the organisation's catalogue changes."""
        return self.scrubber.version

    def with_key(self, key_id: str) -> "Scrubbing":
        """Return the same with the key of earlier pseudonyms; raises ConfigurationInvalid."""
        pseudonymiser = self.pseudonymiser.for_key(key_id)
        return Scrubbing(self.scrubber.with_pseudonyms(pseudonymiser), pseudonymiser, self.policy)


def scrub_event(event: AnalyticsEvent, scrubbing: Scrubbing, correct: Correct) -> ScrubbedEvent:
    """Return the scrubbed event. Raises ScrubFailed: the event must then not be kept.

    `correct` returns a client's time, corrected to Rollcall's clock.
    """
    scrubber = scrubbing.scrubber
    name = scrubber.scrub_name(event.name)
    properties = scrubber.scrub_properties(event.name, event.properties)
    remarks = [(remark.path, remark.rule, remark.action) for remark in (*name.remarks, *properties.remarks)]
    occurred_at = correct(event.occurred_at)
    if occurred_at != event.occurred_at:
        remarks.append(("occurred_at", CLOCK_RULE, f"corrected from {event.occurred_at.isoformat()}"))
    return ScrubbedEvent(
        event_id=event.event_id,
        occurred_at=occurred_at,
        name=name.value,
        user_pseudonym=_pseudonym(event.user_id, scrubber),
        anonymous_pseudonym=_pseudonym(event.anonymous_id, scrubber),
        session_pseudonym=_pseudonym(event.session_id, scrubber),
        properties=without_nul(properties.value),
        remarks=remarks,
        digest=scrubbing.pseudonymiser.digest(_content_of(event)),
    )


def scrub_sample(sample: Sample, scrubbing: Scrubbing) -> tuple[dict[str, Any], list[Remark]]:
    """Return a sample as scrubbing would keep it, and the remarks; raises ScrubFailed."""
    scrubber = scrubbing.scrubber
    name = scrubber.scrub_name(sample.name)
    properties = scrubber.scrub_properties(sample.name, sample.properties)
    who = {"user_id": sample.user_id, "anonymous_id": sample.anonymous_id, "session_id": sample.session_id}
    pseudonyms = {field: scrubber.scrub_identifier(value) for field, value in who.items() if value is not None}
    return {"name": name.value, **pseudonyms, "properties": properties.value}, [*name.remarks, *properties.remarks]


def scrub_again(event: ScrubbedEvent, scrubbing: Scrubbing) -> ScrubbedEvent:
    """Return a scrubbed event, scrubbed again under a later policy; raises ScrubFailed."""
    name = scrubbing.scrubber.scrub_name(event.name)
    properties = scrubbing.scrubber.scrub_properties(event.name, event.properties)
    remarks = [(remark.path, remark.rule, remark.action) for remark in (*name.remarks, *properties.remarks)]
    return event.model_copy(
        update={"name": name.value, "properties": properties.value, "remarks": [*event.remarks, *remarks]}
    )


def scrub_batch_again(batch: QueuedBatch, scrubbing: Scrubbing) -> QueuedBatch:
    """Return a queued batch, scrubbed again by the current policy; raises ScrubFailed."""
    events = [scrub_again(event, scrubbing) for event in batch.events]
    return batch.model_copy(update={"events": events, "policy_version": scrubbing.policy_version})


def _content_of(event: AnalyticsEvent) -> bytes:
    """Return the event's content, the same bytes however its client writes times and orders keys.

    Version 1 never changes, because clients send stored events again, and their digests are compared. Members that the
    contract gained later follow by name, and only if an event has them.
    """
    happened = UNTIMED if isinstance(event, UntimedEvent) else event.occurred_at.astimezone(UTC).isoformat()
    who = [canonical_id(identifier) for identifier in (event.user_id, event.anonymous_id, event.session_id)]
    content: list[Any] = [str(event.event_id), event.name, happened, who, event.properties]
    if later := event.model_dump(mode="json", include=LATER_MEMBERS, exclude_none=True):
        content.append(later)
    return json.dumps(content, sort_keys=True).encode()


def _pseudonym(identifier: str | None, scrubber: Scrubber) -> str | None:
    return None if identifier is None else scrubber.scrub_identifier(identifier)


def without_nul(value: Any) -> Any:
    """Return JSON without U+0000, which PostgreSQL cannot store."""
    match value:
        case str():
            return value.replace("\x00", "")
        case dict():
            return {without_nul(key): without_nul(item) for key, item in value.items()}
        case list():
            return [without_nul(item) for item in value]
        case _:
            return value
