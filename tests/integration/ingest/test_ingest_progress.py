"""ingest_progress_v1 stores each event once, in the right organisation, and answers in request order."""

from datetime import timedelta
from uuid import uuid4

import pytest
from rollcall.contracts.ingest.progress import ProgressEvent

from tests.builders import NOW, an_event, changed
from tests.postgres import ScratchDatabase

A, B, C = uuid4(), uuid4(), uuid4()


def test_statuses_come_in_request_order(clone: ScratchDatabase) -> None:
    """Given one stored event, a mixed batch is answered event by event, in the order in which it was sent."""
    learner, known = uuid4(), an_event(A)
    clone.ingest([A], known)
    clone.assign(A, learner, "assigned once")
    clone.assign(A, learner, "assigned twice")
    clone.assign(B, learner, "assigned twice")
    fresh = an_event(A)

    outcomes = clone.ingest(
        [A, B],
        an_event(C),
        changed(known, percent=41.0),
        fresh,
        an_event(None, user_id=learner, course_id="assigned twice"),
        known,
        an_event(None, user_id=learner, course_id="assigned once"),
        an_event(None),
        fresh,
    )

    assert outcomes == [
        "org_forbidden",
        "conflict",
        "accepted",
        "org_ambiguous",
        "duplicate",
        "accepted",
        "org_unresolved",
        "duplicate",
    ]


def test_an_empty_batch_has_no_outcomes(clone: ScratchDatabase) -> None:
    """A batch of no events answers an empty list: null would say that the rate was exceeded."""
    assert clone.ingest([A]) == []


def test_a_token_without_organisations_stores_nothing(clone: ScratchDatabase) -> None:
    """A caller of no organisation is refused event by event."""
    before = clone.contents()
    assert clone.ingest([], an_event(A), an_event(None)) == ["org_forbidden", "org_unresolved"]
    assert clone.contents() == before


@pytest.mark.parametrize(
    "field",
    [
        {"user_id": uuid4()},
        {"course_id": "geometry"},
        {"lesson_id": "angles"},
        {"kind": "completed"},
        {"percent": 40.01},
        {"percent": None},
        {"time_spent_seconds": 61},
        {"occurred_at": NOW + timedelta(microseconds=1)},
        {"occurred_at": NOW - timedelta(days=1)},
        {"assigned_by": uuid4()},
        {"attributes": {"device": "tablet"}},
    ],
    ids=lambda field: next(iter(field)),
)
def test_other_content_under_a_known_id_is_a_conflict(clone: ScratchDatabase, field: dict[str, object]) -> None:
    """Whatever differs, also the day and with it the partition: the first content stays, alone."""
    first = an_event(A)
    second = changed(first, **field)
    assert clone.ingest([A], first) == ["accepted"]
    before = clone.contents()

    assert clone.ingest([A], second, first, second) == ["conflict", "duplicate", "conflict"]
    # That the batch came, and what of it was refused, is noted all the same.
    assert clone.contents() | {name: before[name] for name in ("batch_audit", "rejected_events")} == before


def test_the_first_of_a_batch_wins(clone: ScratchDatabase) -> None:
    """Within a batch the first content under an id is stored; equal ones are duplicates, others conflicts."""
    first = an_event(A, percent=10.0)
    other = changed(first, percent=90.0)

    assert clone.ingest([A], first, other, first, other) == ["accepted", "conflict", "duplicate", "conflict"]
    assert clone.rows("select percent, event_count from rollcall.lesson_progress") == [(10, 1)]


def test_one_moment_in_two_offsets_is_one_content(clone: ScratchDatabase) -> None:
    """12:00Z and 14:00+02:00 are the same occurred_at, so the second is a duplicate."""
    first = an_event(A)
    elsewhere = first.model_validate_json(
        first.model_dump_json().replace("2026-03-10T12:00:00Z", "2026-03-10T14:00:00+02:00")
    )
    assert elsewhere == first
    assert clone.ingest([A], first, elsewhere) == ["accepted", "duplicate"]


def test_a_percent_is_compared_as_it_is_kept(clone: ScratchDatabase) -> None:
    """Percents are kept to two decimals, so those that round alike are one content."""
    first = an_event(A, percent=33.333333)
    assert clone.ingest([A], first, changed(first, percent=33.33)) == ["accepted", "duplicate"]


def test_attributes_are_compared_as_json(clone: ScratchDatabase) -> None:
    """JSON knows neither an order of members nor two kinds of numbers: another serialiser's text is a duplicate."""
    written = an_event(A, attributes={}).model_dump_json()
    texts = ['{"attempt": 1, "score": [100, {"score_max": 2}]}', '{"score": [1e2, {"score_max": 2.0}], "attempt": 1.0}']
    same = [ProgressEvent.model_validate_json(written.replace("{}", text)) for text in texts]
    other = ProgressEvent.model_validate_json(written.replace("{}", texts[0].replace("2", "2.5")))
    assert clone.ingest([A], *same, other) == ["accepted", "duplicate", "conflict"]


def test_fields_do_not_run_into_each_other(clone: ScratchDatabase) -> None:
    """Course 'a,b' with lesson 'c' is not course 'a' with lesson 'b,c', nor do quotes and backslashes confuse."""
    first = an_event(A, course_id="a,b", lesson_id="c")
    others = [("a", "b,c"), ('a","b', "c"), ("a\\,b", "c"), ("(a,b", "c")]
    batch = [changed(first, course_id=course, lesson_id=lesson) for course, lesson in others]
    assert clone.ingest([A], first, *batch) == ["accepted"] + ["conflict"] * len(others)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TimeZone", "Pacific/Chatham"),
        ("DateStyle", "SQL, DMY"),
        ("extra_float_digits", "-15"),
        ("IntervalStyle", "sql_standard"),
        ("bytea_output", "escape"),
        ("standard_conforming_strings", "off"),
    ],
)
def test_the_digest_does_not_depend_on_session_settings(clone: ScratchDatabase, name: str, value: str) -> None:
    """An event sent again by a session with other settings is the same event."""
    event = an_event(A, percent=12.345678, attributes={"score": 0.1, "at": "2026-03-10"}, assigned_by=uuid4())
    clone.ingest([A], event)
    clone.execute(f"alter role rollcall_app in database {clone.name} set {name} = '{value}'")
    clone.store._database.close()
    assert clone.ingest([A], event) == ["duplicate"]


def test_the_assignment_decides_where_the_event_goes(clone: ScratchDatabase) -> None:
    """An event that names no organisation is stored in the one that assigned the course, never without one."""
    learner = uuid4()
    clone.assign(A, learner, "algebra")
    clone.assign(B, uuid4(), "algebra")
    clone.assign(B, learner, "geometry")

    assert clone.ingest([A, B], an_event(None, user_id=learner)) == ["accepted"]
    assert clone.rows("select distinct org_id from rollcall.progress_events") == [(A,)]


def test_who_assigned_narrows_the_choice(clone: ScratchDatabase) -> None:
    """Given a course assigned by two organisations, assigned_by tells which; an unknown one resolves to none."""
    learner, of_a, of_b = uuid4(), uuid4(), uuid4()
    clone.assign(A, learner, "algebra", of_a)
    clone.assign(B, learner, "algebra", of_b)
    event = an_event(None, user_id=learner)

    outcomes = clone.ingest(
        [A, B],
        event,
        changed(event, assigned_by=of_b),
        changed(event, assigned_by=uuid4()),
    )

    assert outcomes == ["org_ambiguous", "accepted", "org_unresolved"]
    assert clone.rows("select org_id, assigned_by from rollcall.progress_events") == [(B, of_b)]


def test_the_token_bounds_the_look_up(clone: ScratchDatabase) -> None:
    """An assignment of an organisation that the token does not hold neither resolves nor makes ambiguous."""
    learner = uuid4()
    clone.assign(A, learner, "algebra")
    clone.assign(B, learner, "algebra")
    event = an_event(None, user_id=learner)

    assert clone.ingest([C], event) == ["org_unresolved"]
    assert clone.ingest([A], event) == ["accepted"]
    assert clone.count("progress_events", A) == 1


def test_a_named_organisation_and_a_resolved_one_are_the_same_event(clone: ScratchDatabase) -> None:
    """Sent again with its organisation spelled out, an event that was resolved is a duplicate."""
    learner = uuid4()
    clone.assign(A, learner, "algebra")
    event = an_event(None, user_id=learner)
    assert clone.ingest([A], event, changed(event, org_id=A)) == ["accepted", "duplicate"]


def test_first_use_makes_known(clone: ScratchDatabase) -> None:
    """Organisations, learners, courses and lessons are noted when an accepted event names them, once."""
    learner = uuid4()
    event = an_event(A, user_id=learner)
    clone.ingest([A], event, an_event(B))
    clone.ingest([A], event, an_event(A, user_id=learner), an_event(A, user_id=learner, lesson_id="decimals"))

    assert clone.rows("select org_id, first_seen_at from rollcall.organisations") == [(A, NOW)]
    assert clone.rows("select org_id, user_id, first_seen_at from rollcall.learners") == [(A, learner, NOW)]
    assert clone.rows("select org_id, course_id from rollcall.courses") == [(A, "algebra")]
    assert clone.rows("select org_id, lesson_id from rollcall.lessons order by 2") == [
        (A, "decimals"),
        (A, "fractions"),
    ]


def test_what_was_sent_is_what_is_kept(clone: ScratchDatabase) -> None:
    """Every field of an event comes back exactly; percents to two decimals, half away from zero."""
    event = an_event(
        A,
        course_id="naïve 🧮 \\ \" ' % $1",
        lesson_id="x" * 128,
        kind="completed",
        percent=66.665,
        time_spent_seconds=86_400,
        assigned_by=uuid4(),
        attributes={"device": "tablet", "nested": {"list": [1, 2.5, None, True]}},
    )
    clone.ingest([A], event)

    (row,) = clone.rows(
        "select event_id, org_id, user_id, course_id, lesson_id, kind::text, percent::text, time_spent_seconds,"
        " occurred_at, assigned_by, attributes, received_at from rollcall.progress_events"
    )
    assert row == (
        event.event_id,
        A,
        event.user_id,
        event.course_id,
        event.lesson_id,
        "completed",
        "66.67",
        86_400,
        NOW,
        event.assigned_by,
        event.attributes,
        NOW,
    )
