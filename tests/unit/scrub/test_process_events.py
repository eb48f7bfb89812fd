"""Process events pass the default policy unharmed, and carry nothing personal all the same."""

from uuid import uuid4

import pytest
from rollcall.domain.scrub.scrubber import Scrubber

NAMES = ("process_started", "process_step_completed", "process_retry", "process_completed", "process_failed")


@pytest.mark.parametrize("name", NAMES)
def test_what_rollups_are_made_of_is_kept_as_it_is(scrubber: Scrubber, name: str) -> None:
    """Name and properties, whatever style of id the application uses; without a remark."""
    properties = {
        "process": "course_import",
        "request_id": str(uuid4()),
        "trace_id": uuid4().hex,
        "step": "read-archive",
        "duration_ms": 1250.5,
        "cost_amount": 0.0123,
        "cost_currency": "EUR",
    }
    assert scrubber.scrub_name(name).value == name
    scrubbed = scrubber.scrub_properties(name, properties)
    assert scrubbed.value == properties
    assert scrubbed.remarks == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("request_id", "kim@example.org"),
        ("trace_id", "192.168.17.4"),
        ("process", "import for Kim Muster"),
        ("step", {"name": "Kim"}),
        ("duration_ms", "Kim"),
        ("cost_amount", "49 15 112345678"),
        ("cost_currency", "KIM"),
        ("learner", "Kim"),
        ("error", "Kim Muster could not be imported"),
    ],
)
def test_what_is_personal_is_not(scrubber: Scrubber, key: str, value: object) -> None:
    """A property that holds anything else than its kind is dropped, and so is one that is not declared."""
    assert scrubber.scrub_properties("process_failed", {key: value, "retry": 1}).value == {}
