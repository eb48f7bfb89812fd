"""Reasons: code and docs/reference/api.md have the same table, and no answer quotes the input."""

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel, ValidationError
from rollcall.contracts.dead_letters.redrive import DiscardOrder
from rollcall.contracts.ingest.analytics import AnalyticsEvent
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.ingest.segment import SegmentCall
from rollcall.contracts.scrub.requests import PolicyRequest
from rollcall.domain.faults import fault_of, members_of
from rollcall.domain.ingest.reasons import REASONS, explain_reason

from tests.builders import caller, event_document
from tests.checkout import ROOT, procedure
from tests.unit.ingest.test_ingest_flow import RecordingStore, flow

API = (ROOT / "docs" / "reference" / "api.md").read_text()
CANARY = "kim.canary@example.org"


def rows() -> dict[str, str]:
    """Return the sentences of docs/reference/api.md by their reasons."""
    section = API.split("### Reasons\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| ([^|]+) \|", section, re.MULTILINE))


def test_the_documented_reasons_are_those_of_the_code() -> None:
    """Each has its row, with its sentence, and no row is left over."""
    assert rows() == {code: reason.sentence for code, reason in REASONS.items()}


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_is_a_sentence_and_names_a_page_that_exists(code: str) -> None:
    """With the limit between them."""
    told = explain_reason(code, "At most 3.")
    assert told.startswith(REASONS[code].sentence)
    assert REASONS[code].sentence.endswith(".")
    assert " At most 3. See docs/" in told
    assert (ROOT / REASONS[code].page.split("#")[0]).is_file()


def test_every_reason_of_the_database_has_its_sentence() -> None:
    """What a procedure answers for an event that it does not take stands in the table."""
    for name in ("ingest_progress_v1", "ingest_analytics_v1"):
        sql = procedure(name)
        for code in re.findall(r"'((?:org|learner|user)_[a-z]+)'", sql):
            if not code.endswith(("_id", "_ids")):
                assert code in REASONS, code


def test_every_reason_of_the_code_has_its_sentence() -> None:
    """Whatever a judge or a reader of foreign calls names stands in the table."""
    named: set[str] = set()
    for path in (ROOT / "layers" / "rollcall").rglob("*.py"):
        named |= set(re.findall(r'(?:CallRefused|Refusal)\("([a-z_]+)"', path.read_text()))
    assert named <= set(REASONS)
    assert len(named) >= 6


def told_of(**changes: Any) -> str:
    """Return the reason and detail for an event with these members."""
    receipt = flow(RecordingStore()).accept_event(json.dumps(event_document(**changes)).encode(), caller()).receipt
    assert receipt is not None
    (result,) = receipt.results
    assert result.status == "rejected"
    assert result.detail
    return result.detail


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"occurred_at": "2020-01-01T00:00:00Z"},
            r"taken from 2026-\S+ to 2026-\S+\. See docs/reference/api\.md#reasons\.$",
        ),
        ({"course_id": CANARY}, r"Rule @email\. See docs/explanation/privacy\.md\.$"),
        ({"lesson_id": f"of {CANARY}"}, r"Rule @email\."),
        ({"attributes": {"nickname": 1}}, r"Allowed are [a-z_, ]+\."),
        ({"attributes": {"attempt": CANARY}}, r"Rule @email\."),
        ({"attributes": {"attempt": "free text"}}, r"up to 64 of A-Z"),
        ({"attributes": {"attempt": [[[1]]]}}, r"At most \d levels\."),
        ({"attributes": {"attempt": [1] * 100}}, r"At most 1024 bytes as JSON, and 16 items"),
        ({"user_id": str(uuid4())}, r"Only a service"),
        ({"org_id": str(uuid4())}, r"does not hold this organisation"),
        ({"user_id": "user2"}, r"UUID.*docs/how-to/learner-ids\.md"),
        ({"time_spend_seconds": 5}, r"Is time_spent_seconds meant\?"),
        ({"userId": "x"}, r"Is user_id meant\?"),
        ({"zzz": 5}, r"Known are event_id, org_id, user_id"),
        ({"percent": 101}, r"less than or equal to 100"),
        ({"course_id": ""}, r"not be empty"),
        ({"course_id": "a\nb"}, r"control characters"),
        ({"course_id": ...}, r"^This member is needed\. See docs/reference/api\.md#reasons\.$"),
        ({"occurred_at": "yesterday"}, r"such as 2026-03-01T12:00:00Z\. See docs/reference/api\.md#reasons\.$"),
        ({"occurred_at": 7}, r"such as 2026-03-01T12:00:00Z\."),
        ({"occurred_at": ["2026-03-01"]}, r"such as 2026-03-01T12:00:00Z\."),
        ({"attributes": []}, r"^Input should be a JSON object\. See docs/reference/api\.md#reasons\.$"),
        ({"attributes": {"attempt": 4_111_111_111_111_111}}, r"Rule @payment_card\."),
        ({"attributes": {"attempt": 20_140_302}}, r"Rule @date\."),
        ({"attributes": {"attempt": [3, True, 20_140_302.0]}}, r"Rule @date\."),
    ],
)
def test_what_is_told_says_what_to_do(changes: dict[str, Any], told: str) -> None:
    """The limit, the rule, the allowed names; never the value."""
    detail = told_of(**changes)
    assert re.search(told, detail), detail
    for value in changes.values():
        assert not isinstance(value, str) or len(value) < 3 or value not in detail


HOSTILE = [CANARY, "a/b~c", "", "0", "events", "\x00", "user_id/x", "\U0001f600", "__proto__"]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    ("model", "document"),
    [
        (ProgressEvent, lambda name: event_document(**{name: 1})),
        (ProgressEvent, lambda name: event_document(attributes={name: float("nan")}, kind=name)),
        (AnalyticsEvent, lambda name: {name: 1}),
        (SegmentCall, lambda name: {"type": name, "context": {name: 1}}),
        (PolicyRequest, lambda name: {"additions": {"declare": {name: {name: name}}}}),
        (PolicyRequest, lambda name: {"additions": {"declare_everywhere": {name: 7}, name: 1}}),
        (PolicyRequest, lambda name: {"additions": {"drop": [name, 5, {name: name}]}}),
        (DiscardOrder, lambda name: {"selection": {name: 1, "dead_letter_ids": [name]}, "reason": name}),
    ],
)
def test_a_fault_names_only_what_is_ours(
    model: type[BaseModel], document: Callable[[str], dict[str, Any]], name: str
) -> None:
    """A pointer is made of a model's own members and of positions, however the sender names things."""
    with pytest.raises(ValidationError) as invalid:
        model.model_validate_json(json.dumps(document(name)))
    ours = set(members_of(model)) | {
        "selection",
        "additions",
        "declare",
        "declare_everywhere",
        "drop",
        "dead_letter_ids",
    }
    for error in invalid.value.errors(include_url=False, include_input=False):
        fault = fault_of("", error, model)
        for part in fault.pointer.split("/")[1:]:
            assert part in ours or part.isdigit(), fault.pointer
        if name == CANARY:
            assert CANARY not in fault.detail
