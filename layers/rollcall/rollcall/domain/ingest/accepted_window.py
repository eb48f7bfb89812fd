"""When an event may have occurred to be accepted now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

AHEAD_MAX = timedelta(days=1)  # clocks of learners' devices are wrong by hours, seldom by days


@dataclass(frozen=True)
class AcceptedWindow:
    """From `opens_at` to `closes_at`, both included."""

    opens_at: datetime
    closes_at: datetime

    @classmethod
    def at(cls, now: datetime, retention: timedelta) -> "AcceptedWindow":
        """Return the window of this moment: what retention would not drop at once, up to a day ahead."""
        return cls(now - retention, now + AHEAD_MAX)

    @property
    def description(self) -> str:
        """The window as a sentence for senders."""
        opens_at, closes_at = (each.isoformat(timespec="seconds") for each in (self.opens_at, self.closes_at))
        return f"Now it is taken from {opens_at} to {closes_at}."

    def holds(self, occurred_at: datetime) -> bool:
        """Return whether an event of that time may be accepted."""
        return self.opens_at <= occurred_at <= self.closes_at
