"""Refresh: compute the report statistics of organisations whose projections changed, one after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

STOP_SECONDS = 15  # with less time left than this, no other organisation is begun


class RefreshStore(Protocol):
    """Computes statistics of organisations; raises StoreUnavailable."""

    def due_report_refreshes(self, now: datetime) -> list[UUID]:
        """Return the organisations with changes, longest waiting first."""

    def refresh_reports(self, org_id: UUID, now: datetime) -> float | None:
        """Compute an organisation's statistics; return the seconds it took, or None if another worker does it now."""


@dataclass(frozen=True)
class RefreshResult:
    """The result of a run: organisations done, organisations left for the next run, and the longest time of one."""

    organisations: int
    left: int
    longest_seconds: float


@dataclass(frozen=True)
class RefreshReports:
    """The flow, with the IO it was given."""

    store: RefreshStore
    now: Callable[[], datetime]

    def refresh(self, org_id: UUID | None, remaining_seconds: Callable[[], float]) -> RefreshResult:
        """Refresh the organisations that are due, while there is time; or only this organisation, due or not.

        Each organisation has its own transaction, so finished work stays. Raises StoreUnavailable.
        """
        due = [org_id] if org_id is not None else self.store.due_report_refreshes(self.now())
        done: list[float] = []
        for place, known in enumerate(due):
            if remaining_seconds() < STOP_SECONDS:
                return RefreshResult(len(done), len(due) - place, max(done, default=0.0))
            seconds = self.store.refresh_reports(known, self.now())
            if seconds is not None:
                done.append(seconds)
        return RefreshResult(len(done), 0, max(done, default=0.0))
