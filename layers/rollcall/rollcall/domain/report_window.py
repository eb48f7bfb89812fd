"""Which days a report covers."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from rollcall.errors import WindowInvalid

DAYS_DEFAULT, DAYS_MAX = 28, 366


@dataclass(frozen=True)
class DayWindow:
    """Days of UTC from `first` until before `end`; None is any."""

    first: date | None
    end: date | None

    @classmethod
    def open(cls, first: date | None, end: date | None, days_max: int = DAYS_MAX) -> Self:
        """Return the window that was asked for, whose ends may be left open. Raises WindowInvalid."""
        if first is not None and end is not None and not timedelta(0) < end - first <= timedelta(days=days_max):
            raise WindowInvalid(f"Check the parameters of the query: from is before to, by {days_max} days at most.")
        return cls(first, end)

    @classmethod
    def closed(
        cls, first: date | None, end: date | None, today: date, days: int = DAYS_DEFAULT, days_max: int = DAYS_MAX
    ) -> Self:
        """Return the window that was asked for; what is left out is the latest days, today included.

        Raises WindowInvalid.
        """
        try:
            end = end or (first + timedelta(days=days) if first else today + timedelta(days=1))
            first = first or end - timedelta(days=days)
        except OverflowError:
            raise WindowInvalid("Check the parameters of the query: from, to.") from None
        return cls.open(first, end, days_max)
