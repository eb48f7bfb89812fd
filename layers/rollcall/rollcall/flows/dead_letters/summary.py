"""Digest: tell the people on call what failed for good since they were told last, in one message."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from rollcall.contracts.dead_letters.letter import DigestCount
from rollcall.contracts.jobs.job import FailedRuns

# Longer than publishing takes, and far shorter than the hour until the next digest.
LEASE = timedelta(minutes=10)


class Counts(Protocol):
    """Knows what was told; raises StoreUnavailable."""

    def claim_digest(self, lease: timedelta) -> tuple[datetime, list[DigestCount]]:
        """Take the dead letters that no digest has told yet, under a lease."""

    def confirm_digest(self, claimed_at: datetime) -> None:
        """Note that the dead letters that were claimed then are told."""

    def claim_job_failures(self, lease: timedelta) -> tuple[datetime, list[FailedRuns]]:
        """Take the failed runs that no digest has told yet, under a lease."""

    def confirm_job_failures(self, claimed_at: datetime) -> None:
        """Note that the failed runs that were claimed then are told."""


Publish = Callable[[str, str], object]
"""Publishes a message with a subject; raises TopicUnavailable."""


@dataclass(frozen=True)
class Told:
    """What a digest told of."""

    dead_letters: int
    failed_runs: int


@dataclass(frozen=True)
class Digest:
    """The flow, with the IO it was given."""

    counts: Counts
    publish: Publish
    environment: str

    def tell(self) -> Told:
        """Publish what is new, if anything is, and return how much that was.

        Confirmed after it was published: a digest that fails, or is killed, leaves it to the next one. Raises
        StoreUnavailable, TopicUnavailable.
        """
        letters_at, letters = self.counts.claim_digest(LEASE)
        runs_at, runs = self.counts.claim_job_failures(LEASE)
        told = Told(sum(count.failed_count for count in letters), sum(count.failed_count for count in runs))
        if told == Told(0, 0):
            return told
        self.publish(subject_of(told, self.environment), text_of(letters, runs, told))
        self.counts.confirm_digest(letters_at)
        self.counts.confirm_job_failures(runs_at)
        return told


def subject_of(told: Told, environment: str) -> str:
    """Return one line: how many of what."""
    parts = [(told.dead_letters, "new dead letters"), (told.failed_runs, "failed runs")]
    counted = ", ".join(f"{number} {what}" for number, what in parts if number)
    return f"Rollcall {environment}: {counted}"[:100]


def text_of(letters: Sequence[DigestCount], runs: Sequence[FailedRuns], told: Told) -> str:
    """Return what the digest says. No organisation, no event, no person."""
    paragraphs = []
    if letters:
        lines = [f"{count.failed_count:>8}  {count.queue:<12}  {count.cause}" for count in letters]
        paragraphs += [
            f"{told.dead_letters} messages became dead letters since {_since(letters)}.",
            "\n".join(lines),
            "They are kept. Look at them with `rollcall dead-letters`; docs/runbooks/dead-letter-flood.md says more.",
        ]
    if runs:
        lines = [f"{count.failed_count:>8}  {count.job:<12}  {count.error_code}" for count in runs]
        paragraphs += [
            f"{told.failed_runs} runs of jobs failed since {_since(runs)}.",
            "\n".join(lines),
            "Look at them with `rollcall jobs`; docs/runbooks/job-failure-surge.md says more.",
        ]
    return "\n\n".join(paragraphs)


def _since(counts: Sequence[DigestCount] | Sequence[FailedRuns]) -> str:
    return f"{min(count.since for count in counts):%Y-%m-%d %H:%M} UTC"
