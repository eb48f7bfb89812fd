"""Lifetimes: which days are past, and how long everything else is kept that is not kept for ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

# Beyond the accepted window: what was taken at its very edge is stored by then, unless it waits in a queue. What waits
# longer finds its day gone, and becomes a snapshot of its own: none of it is lost, it only costs another file.
MARGIN = timedelta(days=1)
QUEUE = timedelta(days=14)  # for which SQS keeps a message at most
# To spare, beyond all that may bring an event again: clocks, and who works at the very end of a time.
IDENTITY_MARGIN = timedelta(days=2)
# How far back an import takes events. What it stored is known for as long: no file counts twice, whenever it comes.
IMPORT_WINDOW = timedelta(days=3_653)
# How long a past day is left alone after events of it were imported: more of them may come.
IMPORTED = timedelta(days=1)
# How long a day that was restored into the live tables is left alone.
RESTORED = timedelta(days=7)
QUEUES = 2 * QUEUE + timedelta(days=2)  # in a queue, as long on its queue of dead letters, and two days to spare


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
        """How long the ledger remembers an event: longer than anything may bring it again.

        Accepted at the edge of the window, it waits on a queue, is kept among dead letters, and is redriven on the last
        day of its body; then it waits on a queue once more.
        """
        return self.retention + QUEUE + self.archive + QUEUE + IDENTITY_MARGIN

    def vouches_from(self, now: datetime) -> datetime:
        """Return from when on the ledger can still vouch for an event that is put on a queue now."""
        return now - self.identities + QUEUE

    def accepted_from(self, first_failed_at: datetime) -> datetime:
        """Return when the events of a message may have occurred, at the earliest, that failed first at this moment."""
        return first_failed_at - QUEUE - self.retention

    def by_name(self) -> Mapping[str, timedelta]:
        """Return the lifetimes, in the order in which they are seen to."""
        return {
            "progress_identities": self.identities,
            "analytics_identities": self.identities,
            "event_identities": self.identities,
            "imported_identities": IMPORT_WINDOW + IDENTITY_MARGIN,
            "batch_audit": self.archive,
            "rejected_events": self.archive,
            "queued_batches": QUEUES,
            "dead_letters": self.archive,
            "dead_letter_counts": self.archive,
            "operations": timedelta(days=90),
            "pending_assignments": timedelta(days=90),
            "assignment_requests": timedelta(days=90),
            "restore_drills": timedelta(days=90),
            "rate_buckets": timedelta(days=1),
        }
