"""Process events become analytics events of their kind's name, scrubbed and queued as any."""

import json
from typing import Any
from uuid import uuid4

import pytest
from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.flows.ingest.analytics import IngestAnalytics

from tests.builders import NOW, ORG, caller
from tests.unit.ingest.test_collect_flow import flow


def process_event(**changes: Any) -> dict[str, Any]:
    document = {
        "event_id": str(uuid4()),
        "org_id": str(ORG),
        "kind": "completed",
        "process": "roster_import",
        "request_id": str(uuid4()),
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
        "step": "load",
        "duration_ms": 812.5,
        "cost_amount": 0.02,
        "cost_currency": "EUR",
        "occurred_at": NOW.isoformat(),
    }
    return {name: value for name, value in (document | changes).items() if value is not ...}


def send(collect: IngestAnalytics, *events: dict[str, Any]) -> list[tuple[str, str | None]]:
    receipt = collect.accept_process_batch(json.dumps({"events": events}).encode(), caller()).receipt
    assert receipt is not None
    return [(result.status, result.pointer) for result in receipt.results]


@pytest.mark.parametrize("kind", ["started", "step_completed", "retry", "completed", "failed"])
def test_each_kind_is_queued_with_all_that_it_says(kind: str) -> None:
    """Its name is process_ and its kind, and the policy keeps every member."""
    messages: list[str] = []
    event = process_event(kind=kind)

    assert send(flow(messages), event) == [("accepted", None)]

    (queued,) = (QueuedBatch.model_validate_json(message) for message in messages)
    (kept,) = queued.events
    assert (kept.name, str(kept.event_id), kept.occurred_at) == (f"process_{kind}", event["event_id"], NOW)
    said = ("process", "request_id", "trace_id", "step", "duration_ms", "cost_amount", "cost_currency")
    assert kept.properties == {name: event[name] for name in said}
    assert (kept.remarks, kept.user_pseudonym) == ([], None)


def test_what_need_not_be_said_may_be_left_out() -> None:
    """A run that starts knows neither step nor duration nor cost."""
    messages: list[str] = []
    optional = dict.fromkeys(("trace_id", "step", "duration_ms", "cost_amount", "cost_currency"), ...)

    assert send(flow(messages), process_event(**optional)) == [("accepted", None)]

    (kept,) = QueuedBatch.model_validate_json(messages[0]).events
    assert set(kept.properties) == {"process", "request_id"}


def test_a_personal_request_id_is_not_kept() -> None:
    """What looks like a card's number is one, wherever it stands."""
    messages: list[str] = []

    assert send(flow(messages), process_event(request_id="4111111111111111")) == [("accepted", None)]

    (kept,) = QueuedBatch.model_validate_json(messages[0]).events
    assert "request_id" not in kept.properties
    assert "4111111111111111" not in messages[0]


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"kind": "paused"}, "kind"), ({"process": "Kim's import"}, "process"), ({"request_id": ...}, "request_id"),
        ({"duration_ms": -1}, "duration_ms"), ({"duration_ms": "1"}, "duration_ms"),
        ({"cost_amount": 1e10}, "cost_amount"),
        ({"cost_currency": "eur"}, "cost_currency"), ({"step": ""}, "step"), ({"org_id": ...}, "org_id"),
    ],
)  # fmt: skip
def test_one_that_is_none_is_rejected_alone(changes: dict[str, Any], member: str) -> None:
    """With a pointer to what is wrong; the rest of the batch is queued."""
    messages: list[str] = []

    assert send(flow(messages), process_event(**changes), process_event()) == [
        ("rejected", f"/events/0/{member}"),
        ("accepted", None),
    ]

    assert len(QueuedBatch.model_validate_json(messages[0]).events) == 1


def test_another_organisations_process_is_refused() -> None:
    """The token does not hold it."""
    assert send(flow([]), process_event(org_id=str(uuid4()))) == [("rejected", "/events/0/org_id")]
