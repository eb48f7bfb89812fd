"""POST /api/admin/import: who may, what is no body of lines, and one line that the database refuses is alone."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.ingest.import_report import LINES_MAX
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.edge.wiring.ingest import imports as wiring_imports
from rollcall.errors import StoreRefused, StoreUnavailable
from rollcall.flows.ingest.imports import ImportEvents

from functions.admin import app
from tests.builders import ORG
from tests.importing import Importing, analytics_line, body_of, progress_line
from tests.unit.fakes.api_gateway import Context, authorized, request
from tests.unit.ingest.test_ingest_flow import RecordingKeys

pytestmark = pytest.mark.usefixtures("spool")


class Store:
    """Stores all but events with a poisoned time spent, or name; counts its calls."""

    def __init__(self) -> None:
        self.stored: list[Any] = []
        self.opened: list[date] = []
        self.fault: Exception | None = None

    def open_days(self, _table: str, days: Sequence[date], _kept_until: datetime, _partitions_max: int) -> int:
        """Note them."""
        self.opened += days
        return len(days)

    def import_progress(
        self, _subject: str, _org_id: UUID, events: Sequence[ProgressEvent], _received_at: datetime
    ) -> list[str]:
        """Store all or none."""
        return self._take(events, [event.time_spent_seconds == 666 for event in events])

    def import_analytics(self, batch: QueuedBatch) -> list[str]:
        """Store all or none."""
        return self._take(batch.events, [event.properties.get("score") == 666 for event in batch.events])

    def list_unrecalled(self, _org_id: UUID, _table: str, _days: Sequence[date], _limit: int) -> list[Any]:
        """Nothing lies in snapshots."""
        return []

    def learner_keys(self, org_ids: Any, current: str) -> dict[UUID, str]:
        """One key."""
        return RecordingKeys().learner_keys(org_ids, current)

    def _take(self, events: Sequence[Any], poisoned: list[bool]) -> list[str]:
        if self.fault:
            raise self.fault
        if any(poisoned):
            raise StoreRefused
        self.stored += events
        return ["accepted"] * len(events)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    importing = Importing(database=None, store=made)  # type: ignore[arg-type]
    flow = importing.flow()
    object.__setattr__(flow.learners, "keys", made)
    monkeypatch.setattr(wiring_imports, "import_events", lambda: flow)
    assert isinstance(flow, ImportEvents)
    return made


def post(
    body: bytes, *, role: str = "service", scopes: str = "admin:write", org_ids: str = str(ORG), **query: str
) -> tuple[int, dict[str, Any]]:
    known = authorized(subject="importer", role=role, org_ids=org_ids, scopes=scopes)
    text = body.decode("utf-8", "surrogateescape")
    event = request("POST /api/admin/import", known, query={"org_id": str(ORG), **query}, body=text)
    answer = app.handler(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


def test_both_kinds_come_in_one_body(store: Store) -> None:
    """Each line is answered for; room is made for its day."""
    status, report = post(body_of(progress_line(), analytics_line()))
    assert (status, report["lines"], report["accepted"], report["refused"]) == (200, 2, 2, [])
    assert len(store.stored) == 2
    assert len(set(store.opened)) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scopes": "admin:read"}, "scope_missing"),
        ({"role": "learner"}, "role_forbidden"),
        ({"org_ids": str(uuid4())}, "org_forbidden"),
    ],
)
def test_only_services_that_may_write_in_the_organisation(store: Store, changes: dict[str, Any], code: str) -> None:
    """Nothing of the body is read for another."""
    status, answer = post(body_of(progress_line()), **changes)
    assert (status, answer["code"], store.stored) == (403, code, [])


def test_a_body_has_so_many_lines(store: Store) -> None:
    """One more is refused as a whole; nothing of it is stored."""
    assert post(body_of(*[progress_line()] * LINES_MAX))[1]["lines"] == LINES_MAX
    stored = len(store.stored)
    status, answer = post(body_of(*[progress_line()] * (LINES_MAX + 1)))
    assert (status, answer["code"], len(store.stored)) == (413, "too_many_events", stored)


@pytest.mark.parametrize("body", [b"", b"\n\n  \n", b"\xef\xbb\xbf"])
def test_no_line_is_no_fault(store: Store, body: bytes) -> None:
    """Nothing came, and nothing is wrong."""
    assert post(body) == (
        200,
        {"org_id": str(ORG), "lines": 0, "accepted": 0, "duplicate": 0, "conflict": 0, "rejected": 0, "refused": []},
    )


@pytest.mark.parametrize("position", [0, 1, 17, 39])
@pytest.mark.parametrize("kind", ["progress", "analytics"])
def test_what_the_database_refuses_is_alone(store: Store, kind: str, position: int) -> None:
    """All others of its body are stored."""
    lines = [progress_line() if kind == "progress" else analytics_line() for _ in range(40)]
    if kind == "progress":
        lines[position]["time_spent_seconds"] = 666
    else:
        lines[position] |= {"name": "quiz_completed", "properties": {"score": 666}}
    _, report = post(body_of(*lines))
    assert (report["accepted"], report["rejected"]) == (39, 1)
    assert report["refused"] == [{"line": position + 1, "reason": "store_refused"}]
    assert len(store.stored) == 39


def test_without_the_database_nothing_is_claimed(store: Store) -> None:
    """503, and the same lines come again."""
    store.fault = StoreUnavailable()
    status, answer = post(body_of(progress_line()))
    assert (status, answer["code"]) == (503, "store_unavailable")
