"""Export of one learner on real procedures: all that is kept of them, nothing of anybody else, resumable."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.privacy.test_erasure import killing
from tests.postgres import ScratchDatabase
from tests.privacy import Household

EXPECTED = {
    "analytics_events": 7,  # their own under either key, before sign-in, a teacher's about them, a sibling's device
    "assignments": 2,  # theirs, and the one that they made
    "batch_audit": 2,
    "course_progress": 1,
    "learners": 1,
    "lesson_progress": 1,
    "progress_events": 30,
    "spool": 5,  # one alone, two with a sibling, and the two that they assigned to the sibling
    "dead_letters": 1,
    "dead_letters_of_nobody": 1,
}


@pytest.fixture
def home(clone: ScratchDatabase) -> Iterator[Household]:
    """A learner who is everywhere, and others beside."""
    household = Household(clone)
    household.populate()
    yield household
    household.database.close()
    household.failure_store._database.close()


def test_everything_is_in_it(home: Household) -> None:
    """Every row and every archived event of the learner is a line, and the manifest counts them by source."""
    manifest, lines = home.export_of(home.run("export"))
    assert manifest["counts"] == EXPECTED
    assert Counter(line["source"] for line in lines) == EXPECTED
    assert (manifest["org_id"], manifest["user_id"]) == (str(home.org_id), str(home.learner))
    stored = {row for (row,) in home.clone.rows(
        "select event_id::text from rollcall.progress_events where org_id = %s and user_id = %s",
        (home.org_id, home.learner),
    )}  # fmt: skip
    assert {line["row"]["event_id"] for line in lines if line["source"] == "progress_events"} == stored
    analytics = [line["row"] for line in lines if line["source"] == "analytics_events"]
    assert all(row["remarks"] == [["*", "@undeclared", "remove"]] for row in analytics), "scrubbed members are listed"


def test_nobody_else_is_in_it(home: Household) -> None:
    """Each line names the learner, none another organisation, and none is of a sibling alone."""
    _, lines = home.export_of(home.run("export"))
    for line in lines:
        text = json.dumps(line)
        assert home.names_learner(text) or str(home.learner) in text
        assert str(home.elsewhere) not in text


def test_killed_workers_write_each_line_once(home: Household) -> None:
    """Given workers that die after each second chunk, the export is the same, and no part is left behind."""
    operation = home.run("export", wrap=killing(2))
    manifest, lines = home.export_of(operation)
    assert manifest["counts"] == EXPECTED
    assert Counter(line["source"] for line in lines) == EXPECTED
    assert [key for key in home.bucket.objects if key.startswith("exports/")] == [
        f"exports/{home.org_id}/{operation.operation_id}.jsonl.gz"
    ]


def test_a_dry_run_counts_and_writes_nothing(home: Household) -> None:
    """A dry run tells how much there is."""
    operation = home.run("export", is_dry_run=True)
    assert {name: operation.counts[name] for name in EXPECTED} == EXPECTED
    assert not any(key.startswith("exports/") for key in home.bucket.objects)


def test_an_erasure_removes_earlier_exports(home: Household) -> None:
    """What was exported of a learner goes with them; an export afterwards is empty."""
    home.run("export")
    erased: Any = home.certificate(home.run("erase"))
    assert erased["counts"]["deleted_objects_exports"] == 1
    assert not any(key.startswith("exports/") for key in home.bucket.objects)
    manifest, lines = home.export_of(home.run("export"))
    assert (manifest["counts"], lines) == ({}, [])
