"""Scrub: what may be kept of an analytics event, under its organisation's policy and keys; and later, once more."""

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

# Digested in place of a time that the client did not tell.
UNTIMED = "untimed"

CLOCK_RULE = "@clock"
Correct = Callable[[datetime], datetime]
"""Returns our time of what a client's clock says."""


class Sample(Protocol):
    """What an analytics event says, without its identity."""

    @property
    def name(self) -> str:
        """What happened."""

    @property
    def user_id(self) -> str | None:
        """Who."""

    @property
    def anonymous_id(self) -> str | None:
        """Who, before they signed in."""

    @property
    def session_id(self) -> str | None:
        """Which visit."""

    @property
    def properties(self) -> dict[str, Any]:
        """What else."""


@dataclass(frozen=True)
class Scrubbing:
    """What an organisation's events are scrubbed with."""

    scrubber: Scrubber
    pseudonymiser: Pseudonymiser
    policy: Policy

    @property
    def policy_version(self) -> str:
        """Changes whenever anything of the policy, or of the organisation's catalogue, changes."""
        return self.scrubber.version

    def with_key(self, key_id: str) -> "Scrubbing":
        """Return the same with the key of pseudonyms that stand there already; raises ConfigurationInvalid."""
        pseudonymiser = self.pseudonymiser.for_key(key_id)
        return Scrubbing(self.scrubber.with_pseudonyms(pseudonymiser), pseudonymiser, self.policy)


def scrub_event(event: AnalyticsEvent, scrubbing: Scrubbing, correct: Correct) -> ScrubbedEvent:
    """Return what may be kept of an event; raises ScrubFailed, and then nothing of it may be.

    `correct` returns our time of what the client's clock says.
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
    """Return what would be kept of a sample, in its own members, and what would be noted; raises ScrubFailed."""
    scrubber = scrubbing.scrubber
    name = scrubber.scrub_name(sample.name)
    properties = scrubber.scrub_properties(sample.name, sample.properties)
    who = {"user_id": sample.user_id, "anonymous_id": sample.anonymous_id, "session_id": sample.session_id}
    pseudonyms = {field: scrubber.scrub_identifier(value) for field, value in who.items() if value is not None}
    return {"name": name.value, **pseudonyms, "properties": properties.value}, [*name.remarks, *properties.remarks]


def scrub_again(event: ScrubbedEvent, scrubbing: Scrubbing) -> ScrubbedEvent:
    """Return what may be kept of a scrubbed event under a policy that came later; raises ScrubFailed."""
    name = scrubbing.scrubber.scrub_name(event.name)
    properties = scrubbing.scrubber.scrub_properties(event.name, event.properties)
    remarks = [(remark.path, remark.rule, remark.action) for remark in (*name.remarks, *properties.remarks)]
    return event.model_copy(
        update={"name": name.value, "properties": properties.value, "remarks": [*event.remarks, *remarks]}
    )


def scrub_batch_again(batch: QueuedBatch, scrubbing: Scrubbing) -> QueuedBatch:
    """Return a queued batch as the policy of today would have let it through; raises ScrubFailed."""
    events = [scrub_again(event, scrubbing) for event in batch.events]
    return batch.model_copy(update={"events": events, "policy_version": scrubbing.policy_version})


def _content_of(event: AnalyticsEvent) -> bytes:
    """Return what the event says, the same bytes however its client writes times and orders keys.

    Version 1. It never changes: what was stored under its digest comes again. What the contract gained later stands
    behind it, by name, and only where an event has it.
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
