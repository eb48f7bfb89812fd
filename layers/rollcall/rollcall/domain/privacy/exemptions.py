"""What of an erased learner no search can reach, or may stay for a while, and until when. No IO, no clock."""

from datetime import datetime, timedelta

from rollcall.contracts.privacy import Remainder

QUEUE = timedelta(days=14)  # the longest that a queue of the template keeps a message
VERSIONS = timedelta(days=2)  # of an object that was rewritten: expired after a day, and gone at S3's next round
EXPORTS = timedelta(days=8)  # expired after seven
BACKUPS = timedelta(days=35)  # the longest that the database's own backups are kept

# A residue with a reason: the places where one is no fault. None: it stays.
NAMESAKES = "namesakes"
EXPLAINED: dict[str, tuple[str, timedelta | None]] = {
    "exports": ("Exports of other learners mention this one; they expire.", EXPORTS),
    NAMESAKES: (
        "Events have an id that is equal to an identifier of the learner. It names the event: it stays, as all ids do.",
        None,
    ),
}
ALWAYS: dict[str, tuple[str, timedelta | None]] = {
    "queues": (
        "Messages that wait cannot be edited: what they hold of the time before is refused when it is loaded.",
        QUEUE,
    ),
    "backups": ("The database's own backups hold what it held: erase again after restoring one.", BACKUPS),
    "object_versions": ("Earlier versions of objects that were rewritten or deleted expire.", VERSIONS),
}


def exemptions(issued_at: datetime, residue: dict[str, int]) -> list[Remainder]:
    """Return what remains, for a certificate issued then, after a search that found this."""
    found = {name: why for name, why in EXPLAINED.items() if name in residue}
    return [
        Remainder(where=where, why=why, until=None if lasts is None else issued_at + lasts)
        for where, (why, lasts) in (ALWAYS | found).items()
    ]
