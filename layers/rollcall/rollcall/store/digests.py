"""The procedures that know which dead letters were told of, called by their names."""

from datetime import datetime, timedelta

from rollcall.contracts.dead_letter import DigestCount
from rollcall.store.connection import Database


class DigestStore:
    """Counts dead letters, whoever's they are. Each call raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim_digest(self, lease: timedelta) -> tuple[datetime, list[DigestCount]]:
        """Take what no digest has told yet; unless it is confirmed, it is there again after the lease."""
        claimed_at, counts = self._database.call(
            "select claimed_at, counts from rollcall.claim_digest_v1(%s)", (lease,)
        )
        return claimed_at, [DigestCount.model_validate(count) for count in counts]

    def confirm_digest(self, claimed_at: datetime) -> None:
        """Note that what was claimed then is told."""
        self._database.call("select rollcall.confirm_digest_v1(%s)", (claimed_at,))
