"""A batch of a later version: it is scrubbed as a dead letter, and that version can still store it."""

import json
from typing import Any

import pytest
from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.domain.dead_letters.contract_members import restore
from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.policy import default_policy
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.flows.dead_letters.record import scrub_body

from tests.builders import NOW, ORG, progress_event, queued_batch, scrubbed_event

SCRUBBER = Scrubber(default_policy(), Pseudonymiser(Keyring("k1", {"k1": "s" * 40}), ORG))
CANARY = "kim@example.org"
SPOOLED = SpooledBatch(
    subject="subject:" + "0" * 32,
    org_ids=[ORG],
    received_at=NOW,
    events=[progress_event(course_id="Algebra für Anfänger", lesson_id="Brüche, Teil 2"), progress_event()],
)
QUEUED = queued_batch(ORG, scrubbed_event(), scrubbed_event(session_pseudonym="d" * 32))


def of_a_later_version(batch: SpooledBatch | QueuedBatch) -> dict[str, Any]:
    """Return the batch with a member of a later version that holds personal data."""
    document: dict[str, Any] = json.loads(batch.model_dump_json(exclude_none=True))
    document["later"] = CANARY
    document["events"][0]["later"] = {"contact": CANARY}
    return document


@pytest.mark.parametrize(("queue", "batch"), [("spool", SPOOLED), ("analytics", QUEUED)])
def test_a_batch_of_a_later_version_can_be_stored_by_it(queue: str, batch: SpooledBatch | QueuedBatch) -> None:
    """Scrubbed twice, as when it is buried and redriven, each event is who, what and when it was; the rest is not."""
    body = scrub_body(queue, json.dumps(of_a_later_version(batch)), SCRUBBER)
    assert scrub_body(queue, body, SCRUBBER) == body
    assert CANARY not in body
    document = json.loads(body)
    del document["later"], document["events"][0]["later"]
    read = type(batch).model_validate(document, strict=False)
    remarks: dict[str, Any] = {"remarks": []} if queue == "analytics" else {}
    expected = [event.model_copy(update=remarks) for event in batch.events]
    assert read.events == expected


@pytest.mark.parametrize(
    "change",
    [
        {"user_id": CANARY},
        {"user_id": "+49 151 23456789"},
        {"course_id": f"of {CANARY}"},
        {"lesson_id": [CANARY]},
        {"event_id": f"7c9e6679-7425-40de-944b-e07fc1f90ae7 {CANARY}"},
        {"occurred_at": f"2026-03-10T12:00:00Z {CANARY}"},
        {"percent": CANARY},
        {"org_id": {"name": CANARY}},
    ],
)
def test_a_value_that_breaks_the_contract_is_scrubbed(change: dict[str, Any]) -> None:
    """A member's name exempts no value: a value of another form is scrubbed."""
    document = json.loads(SPOOLED.model_dump_json())
    document["events"][0] |= change
    body = scrub_body("spool", json.dumps(document), SCRUBBER)
    assert CANARY not in body
    assert "23456789" not in body


def test_a_user_id_in_an_analytics_batch_is_scrubbed() -> None:
    """There who it was stands as a pseudonym alone: an id is scrubbed as in any other text."""
    learner = "0b1f6c1e-6a3e-4a52-9d8e-2f6f3f1f5a10"
    document = of_a_later_version(QUEUED)
    document["events"][0]["user_id"] = learner
    assert learner not in scrub_body("analytics", json.dumps(document), SCRUBBER)


def test_limits_are_those_of_an_event_and_not_of_a_batch() -> None:
    """A batch of many full events is kept whole, although as one document it has too many values."""
    document = of_a_later_version(QUEUED)
    full = document["events"][1] | {"properties": dict.fromkeys(("tags", "skills", "topics"), ["a"] * 64)}
    document["events"] = [full] * 400
    kept = json.loads(scrub_body("analytics", json.dumps(document), SCRUBBER))
    assert kept["events"] == [full | {"remarks": []}] * 400


def test_properties_that_no_policy_declares_are_not_kept() -> None:
    """A property that no policy declares is dropped from dead letters, as everywhere else."""
    document = of_a_later_version(QUEUED)
    document["events"][0]["properties"] = {"nick": "Kimberly", "Kimberly": 1, "kept": {"deeper": "Kimberly"}}
    assert "Kimberly" not in scrub_body("analytics", json.dumps(document), SCRUBBER)


@pytest.mark.parametrize(
    ("given", "scrubbed"),
    [
        ([], []),
        ({"events": 7}, {"events": 7}),
        ({"events": [7, {}]}, {"events": [7, {}]}),
        ({"events": [{}, {}]}, {"events": "[gone]"}),
        ({"events": [{}]}, {"events": []}),
    ],
)
def test_a_body_of_another_shape_stays_as_it_was_scrubbed(given: Any, scrubbed: Any) -> None:
    """Nothing is put back where there is nothing to put it into."""
    assert restore("spool", given, scrubbed) == scrubbed
    assert restore("another", given, scrubbed) == scrubbed
