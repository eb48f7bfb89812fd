"""Re-scrub: apply the policy of today to analytics events that are stored, a day of an organisation at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.analytics import ScrubbedEvent
from rollcall.contracts.operation import Operation
from rollcall.errors import ConfigurationInvalid, ScrubFailed
from rollcall.flows.operate import Chunk, StepResult
from rollcall.flows.scrub import Scrubbing, scrub_again

CHUNK_EVENTS = 500


class StoredAnalytics(Protocol):
    """Reads and rewrites stored analytics events; raises StoreUnavailable."""

    def count_outdated(self, org_id: UUID, day: date, policy_version: str) -> int:
        """Return how many events of a day were scrubbed by another policy."""

    def read_outdated(
        self, org_id: UUID, day: date, policy_version: str, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[tuple[str, ScrubbedEvent]]:
        """Return events of a day that were scrubbed by another policy, in the order of time and id, after this one.

        Each with the id of the key that its pseudonyms were made with.
        """

    def rewrite_analytics(self, org_id: UUID, policy_version: str, events: Sequence[ScrubbedEvent]) -> None:
        """Write what the policy leaves of stored events, by their ids."""


@dataclass(frozen=True)
class Rescrub:
    """The step of operations of the kind `scrub`; their source is the day, as 2026-03-10.

    Doing it again finds nothing to do: what was rewritten bears the version of its policy. An event that cannot be
    scrubbed loses all its properties: it was accepted, so its row stays, and nothing personal may stay in it.
    """

    store: StoredAnalytics
    scrubbing_of: Callable[[UUID], Scrubbing]

    def __call__(self, operation: Operation, chunk: Chunk) -> StepResult:
        """Re-scrub the next events of the day."""
        scrubbing, day = self.scrubbing_of(operation.org_id), date.fromisoformat(operation.source)
        limit = min(CHUNK_EVENTS, chunk.units_max or CHUNK_EVENTS)
        counts: dict[str, int] = {"done": 0, "changed": 0, "unchanged": 0, "failed": 0}
        if operation.cursor is None:
            counts["total"] = self.store.count_outdated(operation.org_id, day, scrubbing.policy_version)
        events = self.store.read_outdated(
            operation.org_id, day, scrubbing.policy_version, _position(operation.cursor), limit
        )
        scrubbing_by_key = {key_id: _with_key(scrubbing, key_id) for key_id in {key_id for key_id, _ in events}}
        rewritten = [self._scrub(event, scrubbing_by_key[key_id], counts) for key_id, event in events]
        if rewritten and not operation.is_dry_run:
            self.store.rewrite_analytics(operation.org_id, scrubbing.policy_version, rewritten)
        counts["done"] = len(events)
        return StepResult(
            counts=counts,
            cursor=_cursor(events[-1][1]) if events else operation.cursor,
            is_done=len(events) < limit,
            units=len(events),
        )

    def _scrub(self, event: ScrubbedEvent, scrubbing: Scrubbing, counts: dict[str, int]) -> ScrubbedEvent:
        try:
            again = scrub_again(event, scrubbing)
        except ScrubFailed as failed:
            counts["failed"] += 1
            return event.model_copy(
                update={"properties": {}, "remarks": [*event.remarks, ("*", failed.code, "remove")]}
            )
        is_same = (again.name, again.properties) == (event.name, event.properties)
        counts["unchanged" if is_same else "changed"] += 1
        return again


def _with_key(scrubbing: Scrubbing, key_id: str) -> Scrubbing:
    """Return the same with the key that a row names; with the one in use where the keyring has that one no more.

    Then pseudonyms among the properties are no longer known as such, and become other ones: that loses a join, while
    leaving such a row as it is would keep what the policy forbids.
    """
    try:
        return scrubbing.with_key(key_id)
    except ConfigurationInvalid:
        return scrubbing


def _cursor(event: ScrubbedEvent) -> dict[str, Any]:
    return {"occurred_at": event.occurred_at.isoformat(), "event_id": str(event.event_id)}


def _position(cursor: Mapping[str, Any] | None) -> tuple[datetime, UUID] | None:
    return (datetime.fromisoformat(cursor["occurred_at"]), UUID(cursor["event_id"])) if cursor else None
