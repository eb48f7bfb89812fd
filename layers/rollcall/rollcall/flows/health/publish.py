"""Publish health: push the changes of the health state, in one message for all sockets."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollcall.contracts.health.health import Health, HealthState, OrganisationHealth, PublicHealth
from rollcall.contracts.sockets.connection import Push
from rollcall.domain.health.merge_patch import diff

PUSH_BYTES_MAX = 256_000

Send = Callable[[str], object]
"""Puts a message on the push queue; raises QueueUnavailable."""


@dataclass(frozen=True)
class PublishHealth:
    """The flow, with the IO it was given."""

    send: Send
    now: Callable[[], datetime]

    def publish(self, before: HealthState | None, after: HealthState) -> bool:
        """Push the change, and return whether the sequence changed. Raises QueueUnavailable.

        `before` is None when no client can know it: before the first measurement, or after a long gap. Then the whole
        state is pushed as a snapshot, because sockets that subscribed meanwhile got `health_unknown`.

        A client that misses a sequence sees a gap. So every socket gets each sequence, with an empty patch if nothing
        changed in its view.
        """
        if before is not None and before.health.sequence == after.health.sequence:
            return False
        push = _change(before, after, self.now())
        text = push.model_dump_json()
        if len(text.encode()) > PUSH_BYTES_MAX:
            # Too large for a message: sockets that watch an organisation have to ask for the whole state.
            text = push.model_copy(update={"organisations": None}).model_dump_json()
        self.send(text)
        return True

    def heartbeat(self, published: HealthState) -> None:
        """Push to every socket that nothing changed, with the latest sequence; raises QueueUnavailable."""
        health = published.health
        beat = Push(
            type="heartbeat",
            sequence=health.sequence,
            previous=health.sequence,
            sent_at=self.now(),
            advice=health.advice,
        )
        self.send(beat.model_dump_json())


def _change(before: HealthState | None, after: HealthState, now: datetime) -> Push:
    then, health = before.health if before else None, after.health
    return Push(
        type="health.delta" if then else "health.snapshot",
        sequence=health.sequence,
        previous=then.sequence if then else 0,
        sent_at=now,
        advice=health.advice,
        public=diff(_public(then), _public(health)) or None,
        deployment=diff(_document(then), _document(health)) or None,
        organisations=diff(_organisations(before), _organisations(after)),
    )


def _public(health: Health | None) -> dict[str, Any]:
    return _document(PublicHealth(status=health.status)) if health else {}


def _organisations(published: HealthState | None) -> dict[Any, dict[str, Any]]:
    return {org_id: _document(health) for org_id, health in published.organisations.items()} if published else {}


def _document(model: Health | PublicHealth | OrganisationHealth | None) -> dict[str, Any]:
    # Without nulls, because a merge patch cannot contain them: a missing member means null.
    return model.model_dump(mode="json", exclude_none=True) if model else {}
