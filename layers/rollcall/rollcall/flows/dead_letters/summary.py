"""The failure summary: one message to the people on call about new dead letters and failed runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from rollcall.contracts.dead_letters.letter import DigestCount
from rollcall.contracts.jobs.job import FailedRuns

# Longer than publishing takes, and much shorter than the hour until the next summary.
LEASE = timedelta(minutes=10)


class Counts(Protocol):
    """Counts dead letters and failed runs that no summary has named yet; raises StoreUnavailable."""

    def claim_digest(self, lease: timedelta) -> tuple[datetime, list[DigestCount]]:
        """Claim the dead letters that no summary has named yet, under a lease."""

    def confirm_digest(self, claimed_at: datetime) -> None:
        """Note that a summary named the dead letters that were claimed at this time."""

    def claim_job_failures(self, lease: timedelta) -> tuple[datetime, list[FailedRuns]]:
        """Claim the failed runs that no summary has named yet, under a lease."""

    def confirm_job_failures(self, claimed_at: datetime) -> None:
        """Note that a summary named the failed runs that were claimed at this time."""


Publish = Callable[[str, str], object]
"""Publishes a message with a subject; raises TopicUnavailable."""


@dataclass(frozen=True)
class SummaryResult:
    """How many dead letters and failed runs a summary named."""

    dead_letters: int
    failed_runs: int


@dataclass(frozen=True)
class FailureSummary:
    """The flow, with the IO it was given."""

    counts: Counts
    publish: Publish
    environment: str

    def send(self) -> SummaryResult:
        """Publish a summary, if anything is new, and return its counts.

        The claims are confirmed after publishing: if this run fails or is killed, the next summary names the same
        failures. Raises StoreUnavailable, TopicUnavailable.
        """
        letters_at, letters = self.counts.claim_digest(LEASE)
        runs_at, runs = self.counts.claim_job_failures(LEASE)
        result = SummaryResult(sum(count.failed_count for count in letters), sum(count.failed_count for count in runs))
        if result == SummaryResult(0, 0):
            return result
        self.publish(subject_of(result, self.environment), text_of(letters, runs, result))
        self.counts.confirm_digest(letters_at)
        self.counts.confirm_job_failures(runs_at)
        return result


def subject_of(result: SummaryResult, environment: str) -> str:
    """Return the subject line: how many dead letters and failed runs."""
    parts = [(result.dead_letters, "new dead letters"), (result.failed_runs, "failed runs")]
    counted = ", ".join(f"{number} {what}" for number, what in parts if number)
    return f"Rollcall {environment}: {counted}"[:100]


def text_of(letters: Sequence[DigestCount], runs: Sequence[FailedRuns], result: SummaryResult) -> str:
    """Return the text of the summary. It names no organisation, no event and no person."""
    paragraphs = []
    if letters:
        lines = [f"{count.failed_count:>8}  {count.queue:<12}  {count.cause}" for count in letters]
        paragraphs += [
            f"{result.dead_letters} messages became dead letters since {_since(letters)}.",
            "\n".join(lines),
            "Rollcall keeps them. List them with `rollcall dead-letters`. Runbook: docs/runbooks/dead-letter-flood.md.",
        ]
    if runs:
        lines = [f"{count.failed_count:>8}  {count.job:<12}  {count.error_code}" for count in runs]
        paragraphs += [
            f"{result.failed_runs} runs of jobs failed since {_since(runs)}.",
            "\n".join(lines),
            "List them with `rollcall jobs`. Runbook: docs/runbooks/job-failure-surge.md.",
        ]
    return "\n\n".join(paragraphs)


def _since(counts: Sequence[DigestCount] | Sequence[FailedRuns]) -> str:
    return f"{min(count.since for count in counts):%Y-%m-%d %H:%M} UTC"
