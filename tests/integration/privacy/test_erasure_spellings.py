"""Erasure where ids of the organisation hold learners' UUIDs, in every spelling: it ends clean, and others keep theirs.

What anybody may send: ids of courses and lessons, names and properties of events, ids of events, attributes, numbers.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.store.rollups.rollups import RollupStore

from tests.builders import NOW, an_event, caller, queued_batch, scrubbed_event, spellings
from tests.postgres import ScratchDatabase
from tests.privacy import Household

ALL_DIGITS = UUID("11111111-1111-4111-8111-111111111111")
THINGS = ("event_id", "org_id", "event_ids", "archive_key", "object_key")


def every_spelling(user_id: UUID) -> list[str]:
    """Return spellings that PostgreSQL or Python read as this UUID, and some that only people do."""
    digits = user_id.hex
    by_fours = "-".join(digits[at : at + 4] for at in range(0, 32, 4))
    return [str(user_id), str(user_id).upper(), *spellings(user_id), by_fours, digits[:16] + "--" + digits[16:]]


@pytest.fixture(params=[False, True], ids=["random", "all digits"])
def home(clone: ScratchDatabase, request: pytest.FixtureRequest) -> Iterator[Household]:
    """An organisation in which learner and sibling put each other's UUID wherever they can."""
    household = Household(clone, learner=ALL_DIGITS if request.param else uuid4())
    for org_id, user_id in household.everybody():
        other = household.sibling if user_id == household.learner else household.learner
        write_everywhere(household, org_id, user_id, other)
    yield household
    household.database.close()
    household.failure_store._database.close()


def write_everywhere(home: Household, org_id: UUID, user_id: UUID, other: UUID) -> None:
    """Store of one learner what names another one in every spelling."""
    events = []
    for number, spelled in enumerate([*every_spelling(other), "algebra"]):
        happened = NOW - timedelta(hours=8 * number)
        for course, lesson in ((spelled, "one"), (f"course-{spelled}", spelled), ("algebra", f"{spelled}.2")):
            events.append(an_event(org_id, user_id=user_id, course_id=course, lesson_id=lesson, occurred_at=happened))
        events.append(an_event(org_id, user_id=user_id, attributes={spelled: [spelled, {"x": f"<{spelled}>"}]}))
    namesake = an_event(org_id, user_id=user_id, event_id=other)
    for at in range(0, len(events), 50):
        home.clone.take([org_id], *events[at : at + 50], subject=str(user_id))
    home.clone.take([org_id], namesake)
    home.clone.assign(org_id, user_id, f"course-{other.hex}", assigned_by=other)
    tell(home, org_id, user_id, other)
    home.archive(org_id, user_id)
    home.record(org_id, user_id)
    body = {
        "org_id": str(org_id),
        "events": [{"event_id": str(uuid4()), "course_id": f"x{s}"} for s in every_spelling(other)],
    }
    home._record(org_id, json.dumps(body), [])
    rollups = RollupStore(home.database)
    for source in ("progress", "analytics"):
        assert rollups.fold_events(org_id, source, None, 0, 5_000).event_count > 0
    home.clone.execute("update rollcall.daily_rollups set is_frozen = true where day = '2026-03-08'")


def tell(home: Household, org_id: UUID, user_id: UUID, other: UUID) -> None:
    """Store analytics events whose names and properties name another learner: by id, pseudonym and number."""
    known = [*every_spelling(other), home.pseudonym(other, org_id), str(UUID(home.pseudonym(other, org_id)))]
    events = [
        scrubbed_event(
            user_pseudonym=home.pseudonym(user_id, org_id),
            name=f"undeclared/{text}",
            properties={"course_id": text, "list": [text, {text: text}], "text": f"of {text}.", "name": text},
        )
        for text in known
    ]
    if other.hex.isdigit():
        events.append(
            scrubbed_event(user_pseudonym=home.pseudonym(user_id, org_id), properties={"number": int(other.hex)})
        )
    home.clone.analytics.ingest_analytics(org_id, [queued_batch(org_id, *events)])


def without_things(value: Any) -> Any:
    match value:
        case dict():
            return {name: without_things(item) for name, item in value.items() if name not in THINGS}
        case list():
            return [without_things(item) for item in value]
        case _:
            return value


def names(home: Household, user_id: UUID, text: str) -> bool:
    """Tell whether a text names a learner in any spelling: by words of the test's own."""
    bare = text.lower().replace("-", "")
    return any(known in bare for known in (user_id.hex, *(home.pseudonym(user_id, key_id=key) for key in ("k1", "k2"))))


def mentions(home: Household, user_id: UUID) -> list[str]:
    """Return what in tables and objects of the organisation names a learner, but ids of things."""
    found = []
    with home.clone.connect() as connection:
        tables = connection.execute(
            "select relname from pg_class inner join pg_attribute on attrelid = pg_class.oid and attname = 'org_id'"
            " where relnamespace = 'rollcall'::regnamespace and relkind = 'r'"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(
                f"select to_jsonb(t) - %s::text[] from rollcall.{table} as t where org_id = %s".encode(),
                (list(THINGS), home.org_id),
            )
            found += [f"{table}: {row}" for (row,) in rows if names(home, user_id, json.dumps(row))]
    for key, text in home.bucket.texts().items():
        if str(home.org_id) in key and names(home, user_id, json.dumps(without_things(json.loads(text)))):
            found.append(f"{key}: {text}")
    return found


def shape(home: Household, user_id: UUID) -> dict[str, Any]:
    """Return what counts for a learner, whatever their courses are called."""
    totals = (
        "select count(*), sum(time_spent_seconds), count(distinct (course_id, lesson_id)), count(distinct course_id)"
    )
    asked = {
        "events": (f"{totals} from rollcall.progress_events where org_id = %s and user_id = %s", user_id),
        "lessons": (f"{totals} from rollcall.lesson_progress where org_id = %s and user_id = %s", user_id),
        "courses": ("select count(*) from rollcall.course_progress where org_id = %s and user_id = %s", user_id),
        "analytics": (
            "select count(*) from rollcall.analytics_events where org_id = %s and user_pseudonym = %s",
            home.pseudonym(user_id),
        ),
    }
    return {name: home.clone.rows(query, (home.org_id, of)) for name, (query, of) in asked.items()}


def test_each_ends_clean_whatever_the_others_wrote(home: Household) -> None:
    """Erased one after the other, both are gone but for ids of events that are equal to theirs; others' rows stay."""
    assert len(mentions(home, home.learner)) > 100
    before = shape(home, home.sibling)
    operation = home.run("erase")
    assert operation.state == "done"
    assert mentions(home, home.learner) == []
    found = home.certificate(operation)
    assert found["is_clean"]
    assert found["residue"] == {"namesakes": 1}
    assert [rest.get("until") for rest in found["remains"] if rest["where"] == "namesakes"] == [None]
    assert shape(home, home.sibling) == before
    assert mentions(home, home.sibling)
    home.learner, home.sibling = home.sibling, home.learner
    assert home.run("erase").state == "done"
    assert mentions(home, home.learner) == []


def test_renamed_courses_still_join(home: Household) -> None:
    """A course whose id held the learner's has one new id in events, projections, directory and rollups alike."""
    home.run("erase")
    ids = {
        table: {
            row
            for (row,) in home.clone.rows(
                f"select distinct course_id from rollcall.{table} where org_id = %s and course_id <> 'algebra'{live}",
                (home.org_id,),
            )
        }
        for table, live in (
            ("progress_events", ""),
            ("lesson_progress", ""),
            ("course_progress", ""),
            ("daily_course_rollups", " and day <> '2026-03-08'"),  # frozen: also has courses of the learner alone
        )
    }
    assert len(ids["progress_events"]) > 9
    assert ids["lesson_progress"] == ids["course_progress"] == ids["progress_events"]
    assert ids["daily_course_rollups"] <= ids["progress_events"]
    known = home.clone.rows("select course_id from rollcall.courses where org_id = %s", (home.org_id,))
    assert ids["progress_events"] < {row for (row,) in known}


def test_the_same_id_may_come_again(home: Household) -> None:
    """A course that is still called after the learner is taken as before, and the next erasure takes it out again."""
    home.run("erase")
    for _ in range(2):
        again = an_event(home.org_id, user_id=home.sibling, course_id=f"course-{home.learner}")
        assert home.clone.ingest([home.org_id], again) == ["accepted"]
        assert mentions(home, home.learner)
        assert home.run("erase").state == "done"
        assert mentions(home, home.learner) == []


def test_another_organisation_keeps_every_byte(home: Household) -> None:
    """An erasure is of one organisation, also where both have the same ids."""
    query = "select t::text from rollcall.{} as t where org_id = %s order by 1"
    tables = ("progress_events", "analytics_events", "courses", "lessons", "course_progress", "hourly_rollups")
    before = {table: home.clone.rows(query.format(table), (home.elsewhere,)) for table in tables}
    home.run("erase")
    assert {table: home.clone.rows(query.format(table), (home.elsewhere,)) for table in tables} == before


def test_an_organisation_with_a_learners_id(clone: ScratchDatabase) -> None:
    """Where a learner's id is the organisation's own, the learner goes and the organisation stays readable."""
    home = Household(clone, org_id=(same := uuid4()), learner=same)
    home.populate()
    operation = home.run("erase")
    assert home.certificate(operation)["is_clean"]
    assert home.clone.count("progress_events", home.org_id) == 30, "the sibling's"
    held = [
        json.loads(text).get("org_ids") for key, text in home.bucket.texts().items() if key.startswith(f"spool/{same}")
    ]
    assert held == [[str(same)]] * len(held) != []
    home.database.close()
    home.failure_store._database.close()


def test_unused_tickets_are_taken_back(home: Household) -> None:
    """Tickets for sockets name their bearer: the learner's go; a sibling's, and one for another organisation, stay."""
    held = {
        who: home.tickets.issue(caller(subject=str(subject), org_ids=frozenset({org_id})))
        for who, subject, org_id in (
            ("learner", home.learner, home.org_id),
            ("spelled", f"{{{home.learner}}}".upper(), home.org_id),
            ("sibling", home.sibling, home.org_id),
            ("elsewhere", home.learner, home.elsewhere),
        )
    }
    dry = home.run("erase", is_dry_run=True)
    assert home.run("erase").counts["deleted_tickets"] == dry.counts["deleted_tickets"] == 2
    left = home.tickets._table.all("ticket")
    assert {item.document["subject"] for item in left} == {str(home.sibling), str(home.learner)}
    assert home.tickets.take(held["sibling"], None).subject == str(home.sibling)


def test_pseudonyms_of_other_spellings_are_the_learners(home: Household) -> None:
    """Events under pseudonyms that were made of other spellings are theirs, and barred afterwards."""
    makers = home.former_pseudonyms
    events = [scrubbed_event(user_pseudonym=pseudonym) for pseudonym in makers]
    home.clone.analytics.ingest_analytics(home.org_id, [queued_batch(home.org_id, *events)])
    own = home.clone.rows("select count(*) from rollcall.analytics_events where user_pseudonym = any (%s)", (makers,))
    assert own == [(len(makers),)]
    assert len(makers) > 3
    home.run("erase")
    own = home.clone.rows("select count(*) from rollcall.analytics_events where user_pseudonym = any (%s)", (makers,))
    assert own == [(0,)]
    late = [scrubbed_event(user_pseudonym=pseudonym) for pseudonym in makers]
    outcomes = home.clone.analytics.ingest_analytics(home.org_id, [queued_batch(home.org_id, *late)])
    assert set(outcomes[0]) == {"learner_erased"}
