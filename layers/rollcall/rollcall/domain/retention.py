"""Lifetimes: which days are past, and how long everything else is kept that is not kept for ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

# Beyond the accepted window: what was taken at its very edge is stored by then, unless it waits in a queue. What waits
# longer finds its day gone, and becomes a snapshot of its own: none of it is lost, it only costs another file.
MARGIN = timedelta(days=1)
# Beyond its events: an identity outlives whatever may still bring its event again. A message waits for 14 days in a
# queue and as long among dead letters; whoever kept it elsewhere, the window refuses.
IDENTITY_MARGIN = timedelta(days=60)
# How long a day that was restored into the live tables is left alone.
RESTORED = timedelta(days=7)
QUEUES = timedelta(days=30)  # a message's 14 days in a queue, 14 more among dead letters, and two to spare


def first_kept_day(now: datetime, retention: timedelta) -> date:
    """Return the first day (UTC) that is kept: each before it lies wholly outside the accepted window, and a margin."""
    return (now - retention - MARGIN).date()


@dataclass(frozen=True)
class Lifetimes:
    """How long what is kept for a while is kept, by the name under which age_out_v1 knows it."""

    retention: timedelta
    archive: timedelta

    @property
    def identities(self) -> timedelta:
        """How long the ledger remembers an event."""
        return self.retention + IDENTITY_MARGIN

    def by_name(self) -> Mapping[str, timedelta]:
        """Return the lifetimes, in the order in which they are seen to."""
        return {
            "event_identities": self.identities,
            "batch_audit": self.archive,
            "rejected_events": self.archive,
            "queued_batches": QUEUES,
            "dead_letters": self.archive,
            "dead_letter_counts": self.archive,
            "operations": timedelta(days=90),
            "restore_drills": timedelta(days=90),
            "rate_buckets": timedelta(days=1),
            "job_runs": timedelta(days=14),
        }
