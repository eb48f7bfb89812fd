"""Calls the procedures that remember which dead letters and failed runs a summary has reported."""

from datetime import datetime, timedelta

from rollcall.contracts.dead_letters.letter import DigestCount
from rollcall.contracts.jobs.job import FailedRuns
from rollcall.store.connection import Database


class FailureSummaryStore:
    """Counts failures of all organisations. Each call raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim_digest(self, lease: timedelta) -> tuple[datetime, list[DigestCount]]:
        """Claim the dead letters that no summary has reported; without a confirmation the claim ends with the lease."""
        claimed_at, counts = self._database.call("claim_digest_v1", "claimed_at, counts", p_lease=lease)
        return claimed_at, [DigestCount.model_validate(count) for count in counts]

    def confirm_digest(self, claimed_at: datetime) -> None:
        """Note that the summary of the dead letters claimed at this time was sent."""
        self._database.call("confirm_digest_v1", p_claimed_at=claimed_at)

    def claim_job_failures(self, lease: timedelta) -> tuple[datetime, list[FailedRuns]]:
        """Claim the failed runs that no summary has reported; without a confirmation the claim ends with the lease."""
        claimed_at, counts = self._database.call("claim_job_failures_v1", "claimed_at, counts", p_lease=lease)
        return claimed_at, [FailedRuns.model_validate(count) for count in counts]

    def confirm_job_failures(self, claimed_at: datetime) -> None:
        """Note that the summary of the failed runs claimed at this time was sent."""
        self._database.call("confirm_job_failures_v1", p_claimed_at=claimed_at)
