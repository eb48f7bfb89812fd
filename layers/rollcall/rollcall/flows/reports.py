"""Refresh: bring the report statistics of organisations with news up to date, one after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

STOP_SECONDS = 15  # before the function's end no other organisation is begun


class RefreshStore(Protocol):
    """Counts organisations; raises StoreUnavailable."""

    def due_report_refreshes(self, now: datetime) -> list[UUID]:
        """Return the organisations with news, those that waited longest first."""

    def refresh_reports(self, org_id: UUID, now: datetime) -> float | None:
        """Count an organisation anew and return the seconds it took; None where another one is at it."""


@dataclass(frozen=True)
class Refreshed:
    """What a run did: organisations that were counted, those left for the next run, and the longest of them."""

    organisations: int
    left: int
    longest_seconds: float


@dataclass(frozen=True)
class RefreshReports:
    """The flow, with the IO it was given."""

    store: RefreshStore
    now: Callable[[], datetime]

    def refresh(self, org_id: UUID | None, remaining_seconds: Callable[[], float]) -> Refreshed:
        """Count the organisations that are due, for as long as there is time; or this one alone, due or not.

        Each is a transaction of its own: what is done stays done. Raises StoreUnavailable.
        """
        due = [org_id] if org_id is not None else self.store.due_report_refreshes(self.now())
        done: list[float] = []
        for place, known in enumerate(due):
            if remaining_seconds() < STOP_SECONDS:
                return Refreshed(len(done), len(due) - place, max(done, default=0.0))
            seconds = self.store.refresh_reports(known, self.now())
            if seconds is not None:
                done.append(seconds)
        return Refreshed(len(done), 0, max(done, default=0.0))
