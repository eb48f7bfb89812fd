"""The content digest of a progress event: fixed for ever, as what was stored under it comes again."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from rollcall.contracts.ingest.progress import ProgressEvent

from tests.builders import changed
from tests.checkout import ROOT
from tests.postgres import ScratchDatabase

A = UUID("5d1f6a1c-5f0e-4c55-8a53-0f1c2b3d4e5f")
LEAST = ProgressEvent(
    event_id=UUID(int=1),
    org_id=A,
    user_id=UUID(int=2),
    course_id="algebra",
    lesson_id="fractions",
    kind="started",
    occurred_at=datetime(2026, 3, 10, 12, 0, tzinfo=UTC),
)
MOST = changed(
    LEAST,
    event_id=UUID(int=3),
    course_id='na"ïve, (🧮)',
    kind="completed",
    percent=66.665,
    time_spent_seconds=90,
    occurred_at=datetime(2026, 3, 10, 12, 0, 0, 123456, tzinfo=UTC),
    assigned_by=UUID(int=4),
    attributes={"attempt": 2, "score": {"raw": 0.5, "min": None}},
)
GOLDEN = {
    "least": (LEAST, "f788f8fb3cfe10c70baa2036942803ad"),
    "most": (MOST, "5ed9209f3106dbff75ab096e890ae133"),
}
DIGEST = "select encode(content_digest, 'hex') from rollcall.progress_identities where event_id = %s"
# What the digest of version 1 is made of, beside the id and the organisation, which are the key.
VERSION_1 = {
    *("user_id", "course_id", "lesson_id", "kind", "percent", "time_spent_seconds", "occurred_at", "assigned_by"),
    "attributes",
}
LATER = " || case when e.device is null then '' else 'device' || row(e.device)::text end"
PROCEDURE = ROOT / "sql/procedures/ingest/ingest_progress_v1.sql"


@pytest.mark.parametrize("name", GOLDEN)
def test_the_digest_is_the_one_of_version_1(clone: ScratchDatabase, name: str) -> None:
    """Golden: a change of this digest would make a conflict of every event that is sent again over a deployment."""
    event, digest = GOLDEN[name]
    assert clone.ingest([A], event) == ["accepted"]
    assert clone.rows(DIGEST, (event.event_id,)) == [(digest,)]


def test_a_member_that_came_later_has_its_place_behind() -> None:
    """A new member of the contract stands behind the row of version 1, and is named here."""
    members = set(ProgressEvent.model_fields) - {"event_id", "org_id"}
    later = members - VERSION_1
    text = PROCEDURE.read_text()
    assert members >= VERSION_1
    assert all(f"'{name}' || row(e.{name})::text" in text for name in later), later


def test_a_member_that_comes_later_changes_no_digest_of_before(clone: ScratchDatabase) -> None:
    """Given the next procedure, with one optional member more in the place that its comment names: an event without it
    has its old digest, and one with it another.
    """
    clone.ingest([A], LEAST, MOST)
    text = PROCEDURE.read_text()
    for old, new in (
        (
            "attributes jsonb\n            )\n        ) with",
            "attributes jsonb, device text\n            )\n        ) with",
        ),
        ("assigned_by, attributes, ordinal\n", "assigned_by, attributes, device, ordinal\n"),
        (
            "e.attributes\n            )::text,",
            f"e.attributes\n            )::text{LATER},",
        ),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    clone.execute(f"set role rollcall_owner; {text}")
    assert clone.ingest([A], LEAST, MOST) == ["duplicate", "duplicate"]
    document = f'[{LEAST.model_dump_json(exclude_none=True)[:-1]}, "device": "tablet"}}]'
    call = "select outcomes from rollcall.ingest_progress_v1('x', %s, %s::jsonb, now(), null, null)"
    assert clone.rows(call, ([A], document)) == [(["conflict"],)]
