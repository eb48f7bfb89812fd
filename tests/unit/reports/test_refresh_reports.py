"""Refreshing: organisations that are due, one after the other, for as long as there is time."""

from datetime import datetime
from uuid import UUID, uuid4

from rollcall.flows.reports import RefreshReports, RefreshResult

from tests.builders import NOW

DUE = [uuid4() for _ in range(3)]


class RecordingStore:
    """Remembers which organisations were counted; one of them somebody else is at."""

    def __init__(self, busy: UUID | None = None) -> None:
        self.counted: list[UUID] = []
        self.busy = busy

    def due_report_refreshes(self, now: datetime) -> list[UUID]:
        """Return all of them."""
        assert now == NOW
        return DUE

    def refresh_reports(self, org_id: UUID, now: datetime) -> float | None:
        """Note it."""
        assert now == NOW
        if org_id == self.busy:
            return None
        self.counted.append(org_id)
        return float(len(self.counted))


def test_all_that_are_due_are_counted_in_turn() -> None:
    """Those that waited longest first, as the store says."""
    store = RecordingStore()
    assert RefreshReports(store, lambda: NOW).refresh(None, lambda: 100) == RefreshResult(3, 0, 3.0)
    assert store.counted == DUE


def test_one_that_another_is_at_is_passed_by() -> None:
    """It is not counted, and no run waits for it."""
    store = RecordingStore(busy=DUE[0])
    assert RefreshReports(store, lambda: NOW).refresh(None, lambda: 100) == RefreshResult(2, 0, 2.0)


def test_no_organisation_is_begun_when_time_is_short() -> None:
    """The result names the rest, which the next run does."""
    left = iter([100.0, 14.0])
    store = RecordingStore()
    assert RefreshReports(store, lambda: NOW).refresh(None, lambda: next(left)) == RefreshResult(1, 2, 1.0)
    assert store.counted == DUE[:1]


def test_one_that_is_named_is_counted_due_or_not() -> None:
    """For people who cannot wait."""
    store, named = RecordingStore(), uuid4()
    assert RefreshReports(store, lambda: NOW).refresh(named, lambda: 100) == RefreshResult(1, 0, 1.0)
    assert store.counted == [named]
