"""Administrators' routes to snapshots and purges: who may, what is refused, what is asked for."""

from typing import Any
from uuid import uuid4

import pytest
from rollcall import errors
from rollcall.contracts.retention.restore import VerifyReport
from rollcall.contracts.retention.snapshot import SnapshotFile
from rollcall.edge.wiring import retention as wiring_retention
from rollcall.edge.wiring.operations import requests as wiring_operations

from tests.builders import NOW, ORG
from tests.unit.edge.test_admin_function import RecordingRequests, ask
from tests.unit.operations.test_operate_flow import an_operation

pytestmark = pytest.mark.usefixtures("pseudonym")

SNAPSHOTS, PURGE = "/api/admin/snapshots", "/api/admin/purge"
DAY = {"org_id": str(ORG), "table": "progress_events", "day": "2026-03-01"}
WINDOW = {"org_id": str(ORG), "from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z", "reason": "ticket-812"}


def a_file(**changes: Any) -> SnapshotFile:
    fields: dict[str, Any] = {
        "org_id": ORG, "table_name": "progress_events", "day": "2026-03-01", "sequence": 1, "part": 1,
        "object_key": "snapshots/k", "row_count": 3, "size_bytes": 9, "object_digest": "a" * 64,
        "content_digest": "b" * 64, "created_at": NOW, "expires_at": NOW,
    }  # fmt: skip
    return SnapshotFile.model_validate(fields | changes)


class Files:
    """Answers what it has, and notes what it was asked."""

    def __init__(self) -> None:
        self.files = [a_file()]
        self.asked: list[Any] = []

    def list_files(self, org_id: Any, limit: int, **which: Any) -> list[SnapshotFile]:
        """List them."""
        self.asked.append((org_id, limit, which))
        return self.files

    def verify(self, *_day: Any) -> VerifyReport:
        """Tell that there is nothing."""
        raise errors.SnapshotUnknown


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Files:
    known = Files()
    monkeypatch.setattr(wiring_retention, "snapshot_store", lambda: known)
    monkeypatch.setattr(wiring_retention, "verify", lambda: known)
    return known


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> RecordingRequests:
    recording = RecordingRequests()
    monkeypatch.setattr(wiring_operations, "request_operation", lambda: recording)
    return recording


def test_the_list_is_of_one_organisation_and_of_the_days_asked_for(files: Files) -> None:
    """A file is shown with what it holds and where it lies; the query's days reach the store."""
    query = {"org_id": str(ORG), "table": "progress_events", "from": "2026-03-01", "to": "2026-03-02", "limit": "5"}
    status, answer = ask(f"GET {SNAPSHOTS}", scopes="admin:read", query=query)
    assert status == 200
    assert answer["snapshots"][0]["rows"] == 3
    ((org_id, limit, which),) = files.asked
    assert (org_id, limit, which["table"]) == (ORG, 5, "progress_events")
    assert [str(which[name]) for name in ("first", "last")] == ["2026-03-01", "2026-03-02"]


@pytest.mark.parametrize("day", ["0", "2026-03-01T00:00:00", "20260301", "2026-02-30"])
@pytest.mark.usefixtures("files", "requests")
def test_a_day_is_written_in_one_way(day: str) -> None:
    """Nothing else is taken for one, in a query or in a body."""
    assert ask(f"GET {SNAPSHOTS}", scopes="admin:read", query={"org_id": str(ORG), "from": day})[0] == 400
    assert ask(f"POST {SNAPSHOTS}/restore", DAY | {"day": day})[0] == 400


@pytest.mark.parametrize(
    ("route", "body", "scope"),
    [
        (f"POST {SNAPSHOTS}/verify", DAY, ""),
        (f"POST {SNAPSHOTS}/restore", DAY, "admin:read"),
        (f"POST {PURGE}", WINDOW, "admin:write"),
    ],
)
@pytest.mark.usefixtures("files", "requests")
def test_a_caller_without_permission_is_403(route: str, body: dict[str, str], scope: str) -> None:
    """Each route wants its scope, a purge the one that breaks glass; and the organisation, whatever the scope."""
    assert ask(route, body, scopes=scope)[1]["code"] == "scope_missing"
    assert ask(route, body, scopes="admin:super", org_ids=str(uuid4()))[1]["code"] == "org_forbidden"


@pytest.mark.usefixtures("files")
def test_a_restore_that_is_asked_for_is_202(requests: RecordingRequests) -> None:
    """One operation a table and day; its scratch table is named after it."""
    status, answer = ask(f"POST {SNAPSHOTS}/restore", DAY | {"target": "scratch"})
    assert status == 202
    (asked,) = requests.asked
    assert (asked.kind, asked.source) == ("restore", "progress_events/2026-03-01")
    assert asked.parameters == {"table_name": "progress_events", "day": "2026-03-01", "target": "scratch"}
    assert answer["scratch_table"].startswith("rollcall_scratch.progress_events_")


def test_without_a_snapshot_it_is_404(files: Files, requests: RecordingRequests) -> None:
    """Nothing is asked for that could only fail."""
    files.files = []
    for route in (f"POST {SNAPSHOTS}/restore", f"POST {SNAPSHOTS}/verify"):
        assert ask(route, DAY)[1]["code"] == "snapshot_unknown"
    assert requests.asked == []


def test_a_purge_needs_a_reason_and_a_window(requests: RecordingRequests) -> None:
    """It is asked for with both, and not without."""
    for change in ({"reason": None}, {"to": WINDOW["from"]}):
        assert ask(f"POST {PURGE}", WINDOW | change, scopes="admin:breakglass")[0] == 400
    assert ask(f"POST {PURGE}", WINDOW, scopes="admin:breakglass")[0] == 202
    (asked,) = requests.asked
    assert (asked.kind, asked.reason, asked.is_dry_run) == ("purge", "ticket-812", False)


def test_operations_are_read_and_cancelled_by_their_organisation_alone(requests: RecordingRequests) -> None:
    """Another organisation's is unknown."""
    purge = an_operation(org_id=ORG, kind="purge", parameters={"from": WINDOW["from"], "to": WINDOW["to"]})
    day = {"table_name": "progress_events", "day": "2026-03-01", "target": "live"}
    restore = an_operation(org_id=ORG, kind="restore", parameters=day)
    requests.known = [purge, restore]
    routes = {
        f"GET {PURGE}/{{purge_id}}": ("purge_id", purge),
        f"POST {PURGE}/{{purge_id}}/cancel": ("purge_id", purge),
        f"GET {SNAPSHOTS}/restore/{{restore_id}}": ("restore_id", restore),
    }
    for route, (name, operation) in routes.items():
        path = {name: str(operation.operation_id)}
        assert ask(route, scopes="admin:breakglass", path=path)[0] == 200
        assert ask(route, scopes="admin:breakglass", path=path, org_ids=str(uuid4()))[0] == 404
        assert ask(route, scopes="admin:breakglass", path={name: "nothing"})[0] == 404
