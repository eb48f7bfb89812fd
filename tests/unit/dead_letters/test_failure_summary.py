"""The digest: one message about what is new, none about nothing, and none that is lost."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from rollcall.contracts.dead_letters.letter import DigestCount
from rollcall.contracts.jobs.job import FailedRuns
from rollcall.errors import TopicUnavailable
from rollcall.flows.dead_letters.summary import FailureSummary, SummaryResult

from tests.builders import NOW


@dataclass
class Fakes:
    """Counts and a topic that remember."""

    counts: list[DigestCount] = field(default_factory=list)
    runs: list[FailedRuns] = field(default_factory=list)
    published: list[tuple[str, str]] = field(default_factory=list)
    confirmed: list[datetime] = field(default_factory=list)
    away: bool = False

    def claim_digest(self, _lease: timedelta) -> tuple[datetime, list[DigestCount]]:
        """Hand out what there is."""
        return NOW, self.counts

    def confirm_digest(self, claimed_at: datetime) -> None:
        """Record the confirmation."""
        self.confirmed.append(claimed_at)

    def claim_job_failures(self, _lease: timedelta) -> tuple[datetime, list[FailedRuns]]:
        """Hand out what there is."""
        return LATER, self.runs

    def confirm_job_failures(self, claimed_at: datetime) -> None:
        """Record the confirmation."""
        self.confirmed.append(claimed_at)

    def publish(self, subject: str, message: str) -> None:
        """Publish it."""
        if self.away:
            raise TopicUnavailable
        self.published.append((subject, message))

    def send(self) -> SummaryResult:
        """Run the digest."""
        return FailureSummary(self, self.publish, "prod").send()


LATER = NOW + timedelta(seconds=1)
RUNS = [FailedRuns(job="partition", error_code="store_unavailable", failed_count=3, since=NOW)]
COUNTS = [
    DigestCount(queue="analytics", cause="store_refused", failed_count=2, since=NOW),
    DigestCount(queue="spool", cause="poisoned", failed_count=40, since=NOW - timedelta(hours=3)),
]


def test_new_failures_are_published_in_one_message() -> None:
    """Counts by queue and cause, since when, and what to do."""
    fakes = Fakes(COUNTS)
    assert fakes.send() == SummaryResult(42, 0)
    ((subject, message),) = fakes.published
    assert subject == "Rollcall prod: 42 new dead letters"
    assert "42 messages became dead letters since 2026-03-10 09:00 UTC." in message
    assert [line.split() for line in message.splitlines()[2:4]] == [
        ["2", "analytics", "store_refused"],
        ["40", "spool", "poisoned"],
    ]
    assert "rollcall dead-letters" in message
    assert fakes.confirmed == [NOW, LATER]


def test_no_message_is_published_without_new_failures() -> None:
    """Without new failures the topic gets no message."""
    fakes = Fakes()
    assert fakes.send() == SummaryResult(0, 0)
    assert (fakes.published, fakes.confirmed) == ([], [])


def test_an_unpublished_failure_is_not_confirmed() -> None:
    """The next digest publishes it."""
    fakes = Fakes(COUNTS, away=True)
    with pytest.raises(TopicUnavailable):
        fakes.send()
    assert fakes.confirmed == []


def test_failed_runs_are_in_the_same_message() -> None:
    """By job and code, beside the dead letters, or alone."""
    fakes = Fakes(COUNTS, RUNS)
    assert fakes.send() == SummaryResult(42, 3)
    ((subject, message),) = fakes.published
    assert subject == "Rollcall prod: 42 new dead letters, 3 failed runs"
    assert ["3", "partition", "store_unavailable"] in [line.split() for line in message.splitlines()]
    alone = Fakes([], RUNS)
    alone.send()
    ((subject, message),) = alone.published
    assert subject == "Rollcall prod: 3 failed runs"
    assert "dead letters" not in message
    assert message.startswith("3 runs of jobs failed since 2026-03-10 12:00 UTC.")
