"""Hostile bodies over HTTP: never a 5xx, never a stored row that was not accepted, accepted texts come back exactly."""

import gzip
import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rollcall.domain.scrub.identifiers import find_personal_identifier

from tests.e2e.database import Database
from tests.e2e.people import BATCH, LESSON, Api, Event, Sender, statuses

CORPUS = Path(__file__).with_name("corpus")
TEXTS: list[str] = json.loads((CORPUS / "texts.json").read_text())
VALUES = (CORPUS / "values.txt").read_text().splitlines()
ROUTES = (BATCH, LESSON)
MEMBERS = (
    "event_id", "org_id", "user_id", "course_id", "lesson_id", "kind", "percent", "time_spent_seconds", "occurred_at",
    "assigned_by", "attributes", "unknown",
)  # fmt: skip
IDENTIFIER_LENGTH_MAX = 128

fuzz = settings(
    max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=200) | st.sampled_from(TEXTS)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def service(api: Api) -> Sender:
    """One sender for all of it: its allowance is larger than these tests are fast."""
    return api.service()


@pytest.fixture(scope="module", autouse=True)
def ledger(service: Sender, database: Database) -> Iterable[set[str]]:
    """Collect what was accepted; at the end, exactly that is stored."""
    accepted: set[str] = set()
    yield accepted
    assert database.event_ids(*service.org_ids) == sorted(accepted)
    assert len(accepted) > 100


def settle(response: httpx.Response, ledger: set[str]) -> httpx.Response:
    """Assert that an answer is one of the contract, and note what it accepted."""
    assert response.status_code in {200, 400, 403, 409, 413}, response.text
    body = response.json()
    assert ("code" in body) == (response.status_code != 200)
    for result in body.get("results", []):
        if result["status"] == "accepted":
            ledger.add(str(UUID(result["event_id"])))
    return response


def is_identifier(text: str) -> bool:
    """Tell, in our own words, whether a text may name a course; what names a person is for the rules to say."""
    is_written = 1 <= len(text) <= IDENTIFIER_LENGTH_MAX and not any(
        unicodedata.category(character) in {"Cc", "Cs"} or character in "\ufffe\uffff" for character in text
    )
    return is_written and find_personal_identifier(text) is None


def encoded(document: Any) -> bytes:
    """Return JSON in UTF-8, escaped only where UTF-8 cannot say it."""
    try:
        return json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(document).encode()


def stored_texts(database: Database, event: Event) -> list[tuple[Any, ...]]:
    """Return the names that are stored with an event, in every table that keeps them."""
    return database.rows(
        "select e.course_id, e.lesson_id, p.course_id, p.lesson_id, c.course_id, l.lesson_id"
        " from rollcall.progress_events e"
        " join rollcall.lesson_progress p using (org_id, user_id, course_id, lesson_id)"
        " join rollcall.courses c using (org_id, course_id)"
        " join rollcall.lessons l using (org_id, course_id, lesson_id)"
        " where event_id = %s",
        event["event_id"],
    )


def test_every_text_of_the_corpus_comes_back_exactly_or_is_refused(
    service: Sender, database: Database, ledger: set[str]
) -> None:
    """A name is kept code point for code point, unnormalised and unfolded, or its event is rejected."""
    events = [service.event(course_id=text, lesson_id=text) for text in TEXTS]
    service.sent.note_all(events)

    response = settle(service.post(BATCH, content=encoded({"events": events})), ledger)

    expected = ["accepted" if is_identifier(text) else "rejected" for text in TEXTS]
    assert statuses(response) == expected
    assert expected.count("rejected") > 10
    for event in (event for event, status in zip(events, expected, strict=True) if status == "accepted"):
        assert stored_texts(database, event) == [(event["course_id"], event["lesson_id"]) * 3]


@fuzz
@given(course=any_text, lesson=any_text)
@example("x" * 128, "\U0001f600" * 128)
@example("x", "x" * 129)
def test_any_text_comes_back_exactly_or_is_refused(
    service: Sender, database: Database, ledger: set[str], course: str, lesson: str
) -> None:
    """Whatever text names a course or a lesson: kept exactly, or its event is rejected."""
    event = service.event(course_id=course, lesson_id=lesson)
    response = settle(service.post(LESSON, content=encoded(event)), ledger)
    if is_identifier(course) and is_identifier(lesson):
        assert statuses(response) == ["accepted"]
        assert stored_texts(database, event) == [(course, lesson) * 3]
    else:
        assert statuses(response) == ["rejected"]


@pytest.mark.parametrize("member", MEMBERS)
def test_every_value_of_the_corpus_in_every_member(service: Sender, ledger: set[str], member: str) -> None:
    """Raw JSON values, broken ones too, in the place of each member; beside them a good event is accepted."""
    texts = [_with(service.event(), member, value) for value in VALUES]
    for text in texts:
        settle(service.post(LESSON, content=text.encode()), ledger)
    good = [json.dumps(service.event()), *filter(_is_json, texts)]
    response = settle(service.post(BATCH, content=f'{{"events": [{", ".join(good)}]}}'.encode()), ledger)
    assert statuses(response)[0] == "accepted"


@fuzz
@given(member=st.sampled_from(MEMBERS), value=any_json)
def test_any_value_in_any_member(service: Sender, ledger: set[str], member: str, value: Any) -> None:
    """Any JSON value in the place of any member never fails the good event beside it."""
    good = service.event()
    body = json.dumps({"events": [{**service.event(), member: value}, good]}).encode()
    response = settle(service.post(BATCH, content=body), ledger)
    if "NaN" not in body.decode() and "Infinity" not in body.decode():
        assert good["event_id"] in ledger, response.text


@fuzz
@given(document=any_json, route=st.sampled_from(ROUTES))
def test_any_document(service: Sender, ledger: set[str], document: Any, route: str) -> None:
    """A body of any JSON is an answer of the contract."""
    settle(service.post(route, content=json.dumps(document).encode()), ledger)


@fuzz
@given(
    body=st.binary(max_size=300),
    route=st.sampled_from(ROUTES),
    content_type=st.sampled_from(["application/json", "application/octet-stream", "text/plain; charset=utf-16", ""]),
    encoding=st.sampled_from([{}, {"Content-Encoding": "gzip"}]),
)
@example(b"\xef\xbb\xbf{}", BATCH, "application/json", {})
@example(b"\x1f\x8b", BATCH, "application/json", {"Content-Encoding": "gzip"})
def test_any_bytes(
    service: Sender, ledger: set[str], body: bytes, route: str, content_type: str, encoding: dict[str, str]
) -> None:
    """A body of any bytes, whatever its headers call it, is an answer of the contract."""
    settle(service.post(route, content=body, headers={"Content-Type": content_type, **encoding}), ledger)


def test_invalid_utf_8_is_refused(service: Sender, ledger: set[str]) -> None:
    """Bytes that are not UTF-8 inside an otherwise good event are refused, not replaced."""
    text = json.dumps({"events": [service.event(course_id="COURSE")]}).encode()
    for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82"):
        # A gateway may replace them in a body declared as text, so the body is declared binary.
        headers = {"Content-Type": "application/octet-stream"}
        response = service.post(BATCH, content=text.replace(b"COURSE", bad), headers=headers)
        assert settle(response, ledger).json()["code"] == "body_not_utf8"


@pytest.mark.parametrize("depth", [10, 200, 1_000, 5_000, 9_990, 20_000, 100_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"score":', "}")])
def test_deep_nesting(service: Sender, ledger: set[str], depth: int, opened: str, closed: str) -> None:
    """Nesting of any depth, as a body, as the events and inside an event, is refused without an error of ours."""
    deep = f"{opened * depth}1{closed * depth}"
    event = _with(service.event(), "attributes", deep)
    bodies = [(BATCH, deep), (BATCH, f'{{"events": {deep}}}'), (BATCH, f'{{"events": [{event}]}}'), (LESSON, event)]
    for route, body in bodies:
        # Packed, the deepest fits the gateway; unpacked, some do not fit the limit.
        response = service.post(route, content=gzip.compress(body.encode()), headers={"Content-Encoding": "gzip"})
        assert settle(response, ledger).status_code in {400, 413}


def test_duplicate_members_are_judged_as_what_is_stored(service: Sender, database: Database, ledger: set[str]) -> None:
    """Of a member that is given twice the last one is judged, and that very one is stored."""
    event = json.dumps(service.event())[:-1]
    foreign = "00000000-0000-4000-8000-000000000001"
    for first, last, status in ((service.org_ids[0], foreign, 403), (foreign, service.org_ids[0], 200)):
        body = f'{event}, "org_id": "{first}", "org_id": "{last}"}}'
        assert settle(service.post(LESSON, content=body.encode()), ledger).status_code == status
    assert database.event_ids(UUID(foreign)) == []


def test_huge_texts_and_arrays(service: Sender, ledger: set[str]) -> None:
    """Texts, numbers and arrays as long as a body allows are refused without an error of ours."""
    for value in (
        '"' + "x" * 250_000 + '"',
        "9" * 250_000,
        f"[{'0,' * 120_000}0]",
        "-" * 250_000,
        "0." + "1" * 250_000,
    ):
        for member in ("course_id", "percent", "attributes", "time_spent_seconds", "event_id", "occurred_at"):
            body = f'{{"events": [{_with(service.event(), member, value)}]}}'
            settle(service.post(BATCH, content=body.encode()), ledger)


def _with(event: Event, member: str, value: str) -> str:
    """Return an event as JSON, with this raw value in the place of a member."""
    others = json.dumps({name: kept for name, kept in event.items() if name != member})
    return f"{others[:-1]}, {json.dumps(member)}: {value}}}"


def _is_json(text: str) -> bool:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True
