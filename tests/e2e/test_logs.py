"""Looks back at everything these tests made the functions log: nothing of it is about a person."""

import json
import re
from typing import Any

import pytest
from rollcall.edge.runtime.observe import DIMENSIONS

from tests.e2e.cloud import Cloud
from tests.e2e.people import BATCH, Api, Sent, statuses
from workbench.checkout import here
from workbench.stack.local import LocalStack

TURN = 1  # after all that logs

UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
E_MAIL = "canary.learner@school.example"
ADDRESS = "203.0.113.77"
SERVICES = {path.parent.name for path in (here().root / "functions").glob("*/app.py")}


@pytest.fixture(scope="module")
def lines(api: Api, cloud: Cloud, sent: Sent) -> list[str]:
    """All lines that the functions logged, after requests full of what must not be among them."""
    learner = api.learner()
    headers = {"X-Forwarded-For": ADDRESS, "User-Agent": E_MAIL, "X-Real-Ip": ADDRESS, "From": E_MAIL}
    events = [
        learner.event(course_id="course-of-canaries", attributes={"app_version": "canary-4.5.6"}),
        learner.event(course_id=E_MAIL),
        learner.event(course_id=ADDRESS, attributes={"score": E_MAIL}),
        learner.event(kind=E_MAIL, **{E_MAIL: E_MAIL}),
    ]
    sent.note_all([*events, E_MAIL, ADDRESS])
    assert statuses(learner.post(BATCH, json={"events": events}, headers=headers))[0] == "accepted"
    learner.post(BATCH, content=E_MAIL.encode(), headers=headers)
    api.http.get(f"/api/{E_MAIL}", params={"address": ADDRESS}, headers=headers)
    api.http.post(BATCH, headers={**headers, "Authorization": f"Bearer {E_MAIL}"})
    return list(cloud.log_lines())


def test_every_function_logs(lines: list[str], cloud: Cloud) -> None:
    """The scan below looks at the right place: batches, refusals, loads and burials are all there."""
    text = "\n".join(lines)
    for message in ("batch", "refused", "verified", "loaded", "buried", "described", "given back"):
        assert f'"message":"{message}"' in text, f"{message} (this module looks back at a run of all of tests/e2e)"


def test_nothing_that_was_sent_is_logged(lines: list[str], sent: Sent) -> None:
    """No id of an event, a learner, a course or a lesson, no attribute, e-mail, address or token is in any line."""
    text = "\n".join(lines)
    assert len(sent.texts) > 100
    found = set(UUIDS.findall(text))
    assert sent.texts & found == set()
    others = (value for value in sent.texts if not UUIDS.fullmatch(value))
    assert [value for value in others if value in text] == []


def test_database_log_quotes_no_event(stack: LocalStack, sent: Sent) -> None:
    """PostgreSQL's own log, crashes and all, holds nothing that was sent either."""
    text = (stack.checkout.logs / "postgres.log").read_text()
    assert [value for value in sent.texts if value in text] == []


def test_metrics_bear_only_allowed_dimensions(lines: list[str]) -> None:
    """Every metric that left a function has dimensions of the list alone, and values that name no person."""
    directives = [
        (document, metric) for document in _metrics(lines) for metric in document["_aws"]["CloudWatchMetrics"]
    ]
    assert directives
    for document, metric in directives:
        names = {name for names in metric["Dimensions"] for name in names}
        assert names <= DIMENSIONS
        assert {document["environment"], document["service"]} <= {"local", *SERVICES}


def test_counts_in_the_metrics_are_those_of_the_receipts(lines: list[str]) -> None:
    """Each kind of receipt that these tests provoked was counted."""
    names = {
        metric["Name"] for document in _metrics(lines) for metric in document["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    }
    assert {"accepted", "duplicate", "conflict", "rejected", "spooled", "duration", "batch_size"} <= names
    assert {"loaded_accepted", "load_retry", "buried"} <= names


def _metrics(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines if line.startswith("{") and '"_aws"' in line]
