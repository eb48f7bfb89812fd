"""Which days a report covers."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from rollcall.errors import WindowInvalid

DAYS_DEFAULT, DAYS_MAX = 28, 366
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DayWindow:
    """Days of UTC from `first` until before `end`."""

    first: date
    end: date

    @classmethod
    def latest(
        cls, first: date | None, end: date | None, today: date, days: int = DAYS_DEFAULT, days_max: int = DAYS_MAX
    ) -> Self:
        """Return the window that was asked for; where an end is left out, so many days, the latest where both are.

        Raises WindowInvalid.
        """
        try:
            end = end or (first + timedelta(days=days) if first else today + ONE_DAY)
            first = first or end - timedelta(days=days)
        except OverflowError:
            raise WindowInvalid from None
        check_days(first, end, days_max)
        return cls(first, end)

    @property
    def last(self) -> date:
        """The last day that it holds."""
        return self.end - ONE_DAY

    @property
    def begins_at(self) -> datetime:
        """When its first day begins."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def ends_at(self) -> datetime:
        """When its last day is over."""
        return datetime.combine(self.end, time(), UTC)


def check_days(first: date | None, end: date | None, days_max: int = DAYS_MAX) -> None:
    """Raise WindowInvalid unless the first day is before the end, by no more than so many. None is any."""
    if first is not None and end is not None and not timedelta(0) < end - first <= timedelta(days=days_max):
        raise WindowInvalid(f"Check the parameters of the query: from is before to, by {days_max} days at most.")
