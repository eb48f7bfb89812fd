"""Digest: tell the people on call how many messages failed for good since they were told last, in one message."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from rollcall.contracts.dead_letter import DigestCount

# Longer than publishing takes, and far shorter than the hour until the next digest.
LEASE = timedelta(minutes=10)


class Counts(Protocol):
    """Knows what was told; raises StoreUnavailable."""

    def claim_digest(self, lease: timedelta) -> tuple[datetime, list[DigestCount]]:
        """Take what no digest has told yet, under a lease."""

    def confirm_digest(self, claimed_at: datetime) -> None:
        """Note that what was claimed then is told."""


Publish = Callable[[str, str], object]
"""Publishes a message with a subject; raises TopicUnavailable."""


@dataclass(frozen=True)
class Digest:
    """The flow, with the IO it was given."""

    counts: Counts
    publish: Publish
    environment: str

    def tell(self) -> int:
        """Publish what is new, if anything is, and return how many messages that were.

        Confirmed after it was published: a digest that fails, or is killed, leaves it to the next one. Raises
        StoreUnavailable, TopicUnavailable.
        """
        claimed_at, counts = self.counts.claim_digest(LEASE)
        if not counts:
            return 0
        total = sum(count.failed_count for count in counts)
        self.publish(f"Rollcall {self.environment}: {total} new dead letters"[:100], text_of(counts, total))
        self.counts.confirm_digest(claimed_at)
        return total


def text_of(counts: Sequence[DigestCount], total: int) -> str:
    """Return what the digest says. No organisation, no event, no person."""
    since = min(count.since for count in counts)
    lines = [f"{count.failed_count:>8}  {count.queue:<12}  {count.cause}" for count in counts]
    return "\n".join(
        [
            f"{total} messages became dead letters since {since:%Y-%m-%d %H:%M} UTC.",
            "",
            *lines,
            "",
            "They are kept. Look at them with `rollcall dead-letters`, put them back with `rollcall redrive`;",
            "docs/operate.md says how.",
        ]
    )
