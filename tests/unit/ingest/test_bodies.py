"""Bodies: what is wrong with one has its own code, on every route that reads JSON, and all of it is charged."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.domain.ingest.batch import BatchForm, read_batch, read_event
from rollcall.domain.ingest.json_body import read_json
from rollcall.domain.ingest.rate import RateAnswer
from rollcall.errors import InvalidBody, InvalidRequest, RateLimited, TooLarge
from rollcall.flows.ingest.analytics import ANALYTICS, PROCESSES
from rollcall.flows.ingest.progress import PROGRESS
from rollcall.flows.ingest.receipts import charging

from tests.builders import caller, event_document
from tests.unit.ingest.test_collect_flow import flow as collect_flow
from tests.unit.ingest.test_collect_flow import happening
from tests.unit.ingest.test_ingest_flow import RecordingReceipts, RecordingStore
from tests.unit.ingest.test_ingest_flow import flow as ingest_flow

BAD = [
    (b"", "body_empty"),
    (b" \r\n\t", "body_empty"),
    (b"\xef\xbb\xbf", "body_empty"),
    (b"\xff\xfe{\x00}\x00", "body_not_utf8"),
    (b'{"events": ["\xff"]}', "body_not_utf8"),
    (b'{"events": ["\xc0\x80"]}', "body_not_utf8"),
    (b'{"events": ["\xed\xa0\x80"]}', "body_not_utf8"),
    (gzip.compress(b"{}"), "gzip_undeclared"),
    (b'{"events": [{"percent": NaN}]}', "number_invalid"),
    (b'{"events": [Infinity]}', "number_invalid"),
    (b'{"events": [-Infinity]}', "number_invalid"),
    (b'{"events": [' + b"9" * 4301 + b"]}", "number_invalid"),
    (b"{", "invalid_body"),
    (b"nonsense", "invalid_body"),
    (b"{'events': []}", "invalid_body"),
    (b'{"events": [01]}', "invalid_body"),
    (b'{"events": []}{}', "invalid_body"),
    (b"[" * 100_000, "invalid_body"),
]


@pytest.mark.parametrize(("body", "code"), BAD)
def test_each_bad_body_has_its_own_code(body: bytes, code: str) -> None:
    """Whether one event is read, a batch of any kind, or any JSON; in words that quote nothing of it."""
    forms: list[BatchForm[Any]] = [PROGRESS, ANALYTICS, PROCESSES]
    for form in forms:
        with pytest.raises(InvalidBody) as refused:
            read_batch(body, form, 10, lambda _: None)
        assert refused.value.code == code
        with pytest.raises(InvalidBody) as refused:
            read_event(body, form, lambda _: None)
        assert refused.value.code == code
    with pytest.raises(InvalidBody) as refused:
        read_json(body)
    assert refused.value.code == code
    assert refused.value.detail.endswith((".", "null.", "gzip."))


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("good", [1, 2])
def test_a_byte_order_mark_is_no_part_of_json(mark: bytes, good: int) -> None:
    """Read at once, and event by event beside one that is none."""
    documents: list[object] = [event_document() for _ in range(good)]
    plain = read_batch(mark + json.dumps({"events": documents}).encode(), PROGRESS, 10, lambda _: None)
    mixed = read_batch(mark + json.dumps({"events": [*documents, 5]}).encode(), PROGRESS, 10, lambda _: None)
    assert len(plain.events) == len(mixed.events) == good
    assert list(mixed.rejections) == [good]
    assert read_event(mark + json.dumps(event_document()).encode(), PROGRESS, lambda _: None).events


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_word_in_a_text_is_no_number(word: str) -> None:
    """A lesson may be called Infinity, a property NaN."""
    batch = read_batch(json.dumps({"events": [event_document(lesson_id=word)]}).encode(), PROGRESS, 10, lambda _: None)
    assert batch.events[0].lesson_id == word
    analytics = read_batch(
        json.dumps({"events": [happening(properties={word: word})]}).encode(), ANALYTICS, 10, lambda _: None
    )
    assert analytics.events[0].properties == {word: word}


@pytest.mark.parametrize("error", [InvalidBody(), InvalidRequest(), TooLarge()])
def test_what_holds_no_batch_is_charged(error: Exception) -> None:
    """Its own error within the rate, and the limiter's beyond it."""
    charged: list[int] = []

    def charge(retry_after_ms: int) -> RateAnswer:
        charged.append(retry_after_ms)
        return RateAnswer(None, retry_after_ms)

    with pytest.raises(type(error)), charging(lambda: charge(0)):
        raise error
    with pytest.raises(RateLimited) as limited, charging(lambda: charge(1400)):
        raise error
    assert limited.value.retry_after_seconds == 2
    assert charged == [0, 1400]


def test_what_holds_a_batch_is_not_charged_twice() -> None:
    """The flow does that."""
    with charging(lambda: pytest.fail("charged")):
        pass


def event_with(**numbers: Any) -> ProgressEvent:
    return ProgressEvent.model_validate_json(json.dumps(event_document(**numbers)))


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (100.00000000000001, 100.0),
        (100.004, 100.0),
        (100.0049999, 100.0),
        (-1e-15, 0.0),
        (-0.0, 0.0),
        (-0.0049, 0.0),
        (5e-324, 0.0),
        (33.335, 33.34),
        (2.675, 2.68),
        (1.005, 1.01),
        (50, 50.0),
        (99.995, 100.0),
    ],
)
def test_a_percent_is_rounded_then_checked(told: float, kept: float) -> None:
    """To two decimals, half away from zero, as the database rounds what is written."""
    found = event_with(percent=told).percent
    assert found == kept
    assert str(found)[0] != "-"


@pytest.mark.parametrize("told", [100.005, 100.01, 101, -0.005, -0.01, -1, 1e300, -1e300, 1e9, "50", True, [50]])
def test_a_percent_beyond_its_bounds_is_refused(told: Any) -> None:
    """Once it is rounded."""
    batch = read_batch(json.dumps({"events": [event_document(percent=told)]}).encode(), PROGRESS, 10, lambda _: None)
    assert [fault.pointer for fault in batch.faults] == ["/events/0/percent"]


@pytest.mark.parametrize(
    ("told", "kept"),
    [(12.5, 13), (12.4999, 12), (0.5, 1), (-0.4, 0), (-0.0, 0), (86_400.4, 86_400), (30.0, 30), (7, 7)],
)
def test_time_spent_is_rounded_to_seconds(told: float, kept: int) -> None:
    """Half away from zero."""
    found = event_with(time_spent_seconds=told).time_spent_seconds
    assert (found, type(found)) == (kept, int)


@pytest.mark.parametrize("told", [86_400.5, 86_401, -0.5, -1, 1e300, "12", True, None])
def test_time_spent_beyond_its_bounds_is_refused(told: Any) -> None:
    """Once it is rounded; null is no number."""
    document = event_document(time_spent_seconds=told)
    batch = read_batch(json.dumps({"events": [document]}).encode(), PROGRESS, 10, lambda _: None)
    assert [fault.pointer for fault in batch.faults] == ["/events/0/time_spent_seconds"]


@given(st.decimals(min_value=0, max_value=100, places=2))
def test_two_decimals_stay_what_they_are(number: Any) -> None:
    """So the digest of what was stored before stays as well."""
    assert event_with(percent=float(number)).percent == float(number)


TOO_MANY = json.dumps({"events": [{}] * 501}).encode()


@pytest.mark.parametrize("body", [*(body for body, _ in BAD), b"[]", b'{"events": 5}', TOO_MANY])
def test_every_body_is_charged_by_every_flow(body: bytes) -> None:
    """Whatever is wrong with it: once, and over the rate it is refused for that."""
    receipts, limited = RecordingReceipts(), RecordingReceipts(retry_after_ms=400)
    for noted, refusal in ((receipts, (InvalidBody, TooLarge)), (limited, (RateLimited,))):
        progress, analytics = ingest_flow(RecordingStore(), receipts=noted), collect_flow([], noted)
        with pytest.raises(refusal):
            progress.accept_batch(body, caller())
        with pytest.raises(refusal):
            analytics.accept_batch(body, caller())
        with pytest.raises(refusal):
            analytics.accept_process_batch(body, caller())
    assert len(receipts.limits) == len(limited.limits) == 3
    assert None not in receipts.limits
