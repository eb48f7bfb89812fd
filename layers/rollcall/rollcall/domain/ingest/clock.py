"""A client's clock against ours: how the time of an event is corrected by the time of sending."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rollcall.domain.ingest.accepted_window import AcceptedWindow

TRANSIT_MAX = timedelta(seconds=60)  # no longer than a request may be on its way: not yet a wrong clock
BEHIND_MAX = timedelta(days=1)  # a clock that is behind by more is rarer than a batch that waited with an old sentAt
WAITED_MAX = timedelta(days=90)  # no batch waits longer than this: a clock is, that starts at its first day again


@dataclass(frozen=True)
class ClockSkew:
    """The sending time by the client's clock, and the receiving time by ours."""

    sent_at: datetime | None
    received_at: datetime
    window: AcceptedWindow

    @classmethod
    def between(cls, sent_at: datetime | None, received_at: datetime, window: AcceptedWindow) -> "ClockSkew":
        """Return the skew; a client without a sending time is believed."""
        return cls(sent_at, received_at, window)

    def correct(self, stated_at: datetime) -> datetime:
        """Return our time of an event that a client puts at `stated_at`: the same, unless the client's clock is wrong.

        Where a correction leads out of the accepted window, its sentAt made no sense, and its word stands.
        """
        if self.sent_at is None or not _is_clock(self.received_at - self.sent_at, self.sent_at, stated_at):
            return stated_at
        try:
            corrected = stated_at + (self.received_at - self.sent_at)
        except OverflowError:
            return stated_at
        return corrected if self.window.holds(corrected) else stated_at


def _is_clock(behind: timedelta, sent_at: datetime, stated_at: datetime) -> bool:
    """Return whether a clock that is behind by so much is wrong, or its sentAt merely old.

    Nothing is sent before it happens: such a sentAt is of an earlier attempt. Whole seconds are compared, since some
    clients write no fractions of one of the two.
    """
    if stated_at.replace(microsecond=0) > sent_at.replace(microsecond=0):
        return False
    # What is sent in our future cannot have waited: the clock is ahead.
    is_ahead = behind < -TRANSIT_MAX
    return is_ahead or TRANSIT_MAX < behind <= BEHIND_MAX or behind > WAITED_MAX
