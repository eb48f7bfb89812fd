"""The procedures that know which dead letters and failed runs were told of, called by their names."""

from datetime import datetime, timedelta

from rollcall.contracts.dead_letters.letter import DigestCount
from rollcall.contracts.jobs.job import FailedRuns
from rollcall.store.connection import Database


class FailureSummaryStore:
    """Counts what failed, whoever's it is. Each call raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim_digest(self, lease: timedelta) -> tuple[datetime, list[DigestCount]]:
        """Take the dead letters that no digest has told yet; unless confirmed, they are there again after the lease."""
        claimed_at, counts = self._database.call("claim_digest_v1", "claimed_at, counts", p_lease=lease)
        return claimed_at, [DigestCount.model_validate(count) for count in counts]

    def confirm_digest(self, claimed_at: datetime) -> None:
        """Note that the dead letters that were claimed then are told."""
        self._database.call("confirm_digest_v1", p_claimed_at=claimed_at)

    def claim_job_failures(self, lease: timedelta) -> tuple[datetime, list[FailedRuns]]:
        """Take the failed runs that no digest has told yet; unless confirmed, they are there again after the lease."""
        claimed_at, counts = self._database.call("claim_job_failures_v1", "claimed_at, counts", p_lease=lease)
        return claimed_at, [FailedRuns.model_validate(count) for count in counts]

    def confirm_job_failures(self, claimed_at: datetime) -> None:
        """Note that the failed runs that were claimed then are told."""
        self._database.call("confirm_job_failures_v1", p_claimed_at=claimed_at)
