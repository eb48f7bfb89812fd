"""Erasure of one learner on real procedures: everything of theirs goes, nothing of anybody else's, and stays gone."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from rollcall.contracts.operations import OperationRequest
from rollcall.domain.privacy import certificate
from rollcall.flows.operations.work import Chunk, Step

from tests.builders import NOW, an_event, changed, queued_batch, scrubbed_event
from tests.postgres import ScratchDatabase
from tests.privacy import ANONYMOUS, KEYRING, Household, Killed

PEOPLE = {"progress_events", "lesson_progress", "course_progress", "learners", "assignments", "batch_audit"}


@pytest.fixture
def home(clone: ScratchDatabase) -> Iterator[Household]:
    """A learner who is everywhere, and others beside."""
    household = Household(clone)
    household.populate()
    yield household
    household.database.close()
    household.failure_store._database.close()


def others(home: Household) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row that is not of the learner's organisation, and there every one that does not name them."""
    with home.clone.connect() as connection:
        tables = connection.execute(
            "select relname from pg_class inner join pg_attribute on attrelid = pg_class.oid and attname = 'org_id'"
            " where relnamespace = 'rollcall'::regnamespace and relkind = 'r'"
        ).fetchall()
        return {
            table: sorted(
                row
                for row in connection.execute(
                    f"select t::text, xmin::text, org_id::text from rollcall.{table} as t".encode()
                ).fetchall()
                if row[2] != str(home.org_id) or not home.names_learner(row[0])
            )
            for (table,) in tables
        }


def test_nothing_names_the_learner_any_more(home: Household) -> None:
    """Given a learner in every place, an erasure leaves no mention, and its certificate says so, by place."""
    before = home.mentions()
    assert PEOPLE - {"progress_events"} < set(before)
    assert {"progress_events_20260310", "analytics_events_20260310", "spool", "dead-letters"} < set(before)
    operation = home.run("erase")
    assert operation.state == "done"
    assert home.mentions() == {}
    found = home.certificate(operation)
    assert found["residue"] == {}
    assert found["is_clean"]
    assert certificate.is_genuine(found, KEYRING)
    assert not home.names_learner(str(found)), "it names no person"
    assert {name: number for name, number in found["counts"].items() if not name.startswith(("days", "searched"))} == {
        "deleted_analytics_events": 4,  # under either key, and twice before sign-in
        "redacted_analytics_events": 3,  # a teacher's about them, and a sibling's on the same device
        "deleted_assignments": 1,
        "redacted_assignments": 1,  # the learner assigned the sibling's course
        "deleted_course_progress": 1,
        "deleted_learners": 1,
        "deleted_lesson_progress": 1,
        "deleted_progress_events": 30,
        "redacted_batch_audit": 2,
        "deleted_objects_spool": 1,
        "deleted_events_spool": 2,
        "rewritten_objects_spool": 2,
        "deleted_objects_dead_letters": 1,
        "deleted_events_dead_letters": 1,
        "deleted_objects_dead_letters_of_nobody": 1,
        "deleted_events_dead_letters_of_nobody": 1,
    }


def test_nobody_elses_rows_and_objects_are_touched(home: Household) -> None:
    """Rows that do not name the learner, and all of another organisation, keep their very bytes and versions."""
    before = others(home)
    objects = {key: text for key, text in home.bucket.texts().items() if not home.names_learner(text)}
    elsewhere = {key: text for key, text in home.bucket.texts().items() if str(home.elsewhere) in text}
    home.run("erase")
    after = others(home)
    ours = {
        *("progress_identities", "analytics_identities", "operations", "erasures", "privacy_certificates"),
        *("dead_letters", "dead_letter_history"),
    }
    for table, rows in before.items():
        if table not in ours:
            assert set(rows) <= set(after[table]), table
        assert {row for row in rows if row[2] != str(home.org_id)} <= set(after[table]), table
    assert {key: home.bucket.texts()[key] for key in objects} == objects
    assert {key: home.bucket.texts()[key] for key in elsewhere} == elsewhere


def test_a_sibling_loses_no_event(home: Household) -> None:
    """Events of others that mentioned the learner are still theirs, and say all else that they said."""
    home.run("erase")
    rows = home.clone.rows(
        "select user_pseudonym, anonymous_pseudonym, properties from rollcall.analytics_events"
        " where org_id = %s and user_pseudonym = any(%s) order by properties::text",
        (home.org_id, [home.pseudonym("a teacher"), home.pseudonym(home.sibling)]),
    )
    assert (home.pseudonym("a teacher"), None, {"score": 3, "student_id": None}) in rows
    assert (home.pseudonym(home.sibling), None, {"score": 7}) in rows


def test_what_was_on_its_way_is_refused_and_what_comes_later_is_taken(home: Household) -> None:
    """Old events of a device, of the spool, or under a new time are refused; what happens afterwards is stored."""
    known = an_event(home.org_id, user_id=home.learner)
    assert home.clone.ingest([home.org_id], known) == ["accepted"]
    home.run("erase")
    late = an_event(home.org_id, user_id=home.learner, occurred_at=NOW - timedelta(days=1))
    sibling = an_event(home.org_id, user_id=home.sibling)
    assert home.clone.ingest([home.org_id], known, late, sibling) == ["learner_erased", "learner_erased", "accepted"]
    assert home.mentions() == {}
    assert home.clone.rows(
        "select state, reason from rollcall.find_event_v2(%s, %s)", (home.org_id, known.event_id)
    ) == [("rejected", "learner_erased")]
    later = datetime.now(UTC) + timedelta(seconds=1)
    new = an_event(home.org_id, user_id=home.learner, occurred_at=later)
    again = changed(known, occurred_at=later)
    answer = home.clone.store.ingest_progress(str(home.learner), [home.org_id], [new, again], later, None)
    assert answer.outcomes == ["accepted", "learner_erased"], "an id that was erased is never stored again"


def test_an_event_without_an_organisation_is_refused_as_well(home: Household) -> None:
    """Resolved by an assignment that was made afterwards, an old event is still of before."""
    home.run("erase")
    home.clone.assign(home.org_id, home.learner, "algebra")
    late = an_event(None, user_id=home.learner, course_id="algebra")
    assert home.clone.ingest([home.org_id], late) == ["learner_erased"]


def test_queued_analytics_are_refused(home: Household) -> None:
    """A batch that waited in the queue keeps nothing of the learner, in rows or in the audit; a receipt says why."""
    own = scrubbed_event(user_pseudonym=home.pseudonym(home.learner))
    device = scrubbed_event(user_pseudonym=None, anonymous_pseudonym=home.pseudonym(ANONYMOUS))
    sibling = scrubbed_event(user_pseudonym=home.pseudonym(home.sibling))
    home.run("erase")
    batch = queued_batch(home.org_id, own, device, sibling, sent_by=home.pseudonym(home.learner))
    assert home.clone.analytics.ingest_analytics(home.org_id, [batch]) == [
        ["learner_erased", "learner_erased", "accepted"]
    ]
    assert home.mentions() == {}
    assert home.clone.rows("select state, reason from rollcall.find_event_v2(%s, %s)", (home.org_id, own.event_id)) == [
        ("rejected", "learner_erased")
    ]


def test_another_organisation_still_takes_the_same_person(home: Household) -> None:
    """An erasure is of one organisation: the same user in another one goes on."""
    home.run("erase")
    assert home.clone.ingest([home.elsewhere], an_event(home.elsewhere, user_id=home.learner)) == ["accepted"]


def test_a_batch_at_the_same_moment_comes_before_or_after(home: Household) -> None:
    """Given learners' batches while the erasure runs, each is erased or refused as a whole; none stays."""
    stop, outcomes = threading.Event(), []

    def send() -> None:
        store = home.clone.database()
        try:
            while not stop.is_set():
                events = [an_event(home.org_id, user_id=home.learner) for _ in range(5)]
                parts = ",".join(event.model_dump_json(exclude_none=True) for event in events)
                call = "select outcomes from rollcall.ingest_progress_v1(%s, %s, %s::jsonb, %s, null, null)"
                outcomes.append(store.run(call, ("test", [home.org_id], f"[{parts}]", NOW))[0])
        finally:
            store.close()

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    while not outcomes:
        assert any(sender.is_alive() for sender in senders), "nothing was sent"
    operation = home.run("erase")
    stop.set()
    for sender in senders:
        sender.join()
    assert operation.state == "done"
    assert all(len(set(outcome)) == 1 for outcome in outcomes)
    assert {outcome[0] for outcome in outcomes} == {"accepted", "learner_erased"}
    assert home.mentions() == {}


def test_an_analytics_batch_under_way_is_waited_for(home: Household) -> None:
    """Given a batch whose transaction is open, the erasure begins once it is stored, and erases it."""
    event = scrubbed_event(user_pseudonym=home.pseudonym(home.learner))
    batch = queued_batch(home.org_id, event).model_dump_json(exclude_none=True)
    with home.clone.connect("rollcall_app") as open_one:
        open_one.execute("begin")
        open_one.execute("select rollcall.ingest_analytics_v1(%s, %s::jsonb)", (home.org_id, f"[{batch}]"))
        erasing = threading.Thread(target=home.run, args=("erase",))
        erasing.start()
        waiting = "select from pg_stat_activity where wait_event = 'advisory'"
        while not home.clone.rows(waiting):
            assert erasing.is_alive(), "it did not wait"
        open_one.execute("commit")
        erasing.join()
    assert home.mentions() == {}


def killing(after: int) -> Any:
    """Return what ends the worker after each so many chunks: half of the time before they are noted."""
    chunks = 0

    def wrap(step: Step) -> Step:
        def killed(operation: Any, chunk: Chunk) -> Any:
            nonlocal chunks
            chunks += 1
            if chunks % after == 0:
                step(operation, chunk)
                raise Killed
            return step(operation, chunk)

        return killed

    return wrap


def test_a_killed_worker_is_followed_by_another(home: Household) -> None:
    """Given workers that die after a chunk is done and before it is noted, the end is the same."""
    operation = home.run("erase", wrap=killing(2))
    assert operation.state == "done"
    assert home.mentions() == {}
    assert home.certificate(operation)["is_clean"]


def test_erasing_twice_finds_nothing_the_second_time(home: Household) -> None:
    """A second erasure is done as well, and its certificate says that nothing was there."""
    home.run("erase")
    again = home.run("erase")
    counts = home.certificate(again)["counts"]
    assert {name for name in counts if not name.startswith(("searched", "days"))} == set()


def test_a_dry_run_counts_the_same_and_changes_nothing(home: Household) -> None:
    """A dry run reports what an erasure would do, writes nothing, bars no learner, and keeps no id."""
    before, objects = others(home), dict(home.bucket.objects)
    named = home.mentions()
    dry = home.run("erase", is_dry_run=True)
    assert home.privacy.certificate(home.org_id, dry.operation_id) is None
    assert home.mentions() == named
    assert home.bucket.objects == objects
    assert {name: rows for name, rows in others(home).items() if name != "operations"} == {
        name: rows for name, rows in before.items() if name != "operations"
    }
    done = home.run("erase")
    told = {name: number for name, number in dry.counts.items() if name not in {"total", "done"}}
    assert told == {name: done.counts[name] for name in told}
    assert {name for name in done.counts if name.startswith(("deleted", "redacted", "rewritten"))} == set(told)


def test_an_operation_forgets_its_learner_when_it_ends(home: Household) -> None:
    """Replays of one learner, and the erasure with its reason, name no person afterwards and stay readable."""
    replay = OperationRequest(
        org_id=home.org_id,
        kind="replay",
        source="events",
        parameters={"user_id": str(home.learner), "from": NOW.isoformat(), "to": NOW.isoformat()},
        requested_by=str(home.learner),
    )
    asked, _ = home.operations.request(replay, uuid4())
    erased = home.run("erase")
    found = home.operations.read("replay", asked.operation_id, [home.org_id])
    assert found is not None
    assert found.parameters["user_id"] is None
    assert found.requested_by == "erased"
    assert erased.reason == "ticket of erased"
    assert erased.parameters["user_id"] is None


def test_one_at_a_time_of_a_learner(home: Household) -> None:
    """While a learner is exported, that learner's erasure waits, and the reverse; other learners are free."""
    export = home.ask("export")
    request = OperationRequest(
        org_id=home.org_id,
        kind="erase",
        source=home.identifiers.source,
        parameters=home.identifiers.parameters(),
        requested_by="somebody",
    )
    active, is_new = home.operations.request(request, uuid4())
    assert (active.operation_id, is_new) == (export.operation_id, False)
    _, is_new = home.operations.request(request.model_copy(update={"source": "learner:another"}), uuid4())
    assert is_new
    home.work_on(export)
    assert home.run("erase").state == "done"


def test_rollups_of_live_days_are_computed_again(home: Household) -> None:
    """Days that are not frozen have the totals of who is left, as if the learner had never been there."""
    for day in ("2026-03-09", "2026-03-10"):
        home.clone.rows("select rollcall.rebuild_rollup_day_v1(%s, %s)", (home.org_id, day))
    operation = home.run("erase")
    kept = home.clone.rows("select count(*) from rollcall.progress_events where org_id = %s", (home.org_id,))
    assert operation.counts["days_rebuilt"] + operation.counts.get("days_frozen", 0) == 2
    assert home.clone.count("rollup_stale_days", home.org_id) == 0
    assert kept == [(30,)]


def test_a_dead_letter_that_is_empty_is_given_up(home: Household) -> None:
    """A dead letter whose body had only this learner's events is discarded, since nothing is left to redrive."""
    home.run("erase")
    found = home.clone.rows(
        "select letter.state, entry.reason from rollcall.dead_letters as letter"
        " inner join rollcall.dead_letter_history as entry using (org_id, dead_letter_id)"
        " where letter.org_id = %s and entry.what = 'discarded'",
        (home.org_id,),
    )
    assert found == [("discarded", "learner erased")]


def test_what_a_search_finds_is_erased_once_more(home: Household) -> None:
    """Given an object that was archived behind an erasure's back, the search finds it, and a second round erases it."""
    late = f"spool/{home.org_id}/2026-03-10/late.json"

    def wrap(step: Step) -> Step:
        def late_archive(operation: Any, chunk: Chunk) -> Any:
            cursor = operation.cursor or {}
            if cursor.get("phase") == "search_rows" and "rounds" not in cursor["notes"]:
                home.bucket.put(late, f'{{"subject": "{home.learner}"}}'.encode())
            return step(operation, chunk)

        return late_archive

    operation = home.run("erase", wrap=wrap)
    assert home.bucket.texts()[late] == '{"subject":"erased"}'
    assert home.certificate(operation)["is_clean"]


def test_a_large_table_is_erased_and_searched_to_its_end(home: Household) -> None:
    """Given a partition of more pages than one call reads, what stands on its last page is erased and counted."""
    home.clone.execute(
        "insert into rollcall.analytics_events (org_id, occurred_at, event_id, received_at, name, user_pseudonym,"
        " key_id, properties, policy_version, remarks)"
        " select %s, %s, gen_random_uuid(), %s, 'page',"
        " case n when 9000 then %s else md5(n::text) end, 'k1',"
        " jsonb_build_object('text', (select string_agg(md5(random()::text), '') from generate_series(1, 50 + n %% 2))"
        "),"
        " 'minors-1', '[]' from generate_series(1, 9000) as n",
        (home.org_id, NOW, NOW, home.pseudonym(home.learner)),
    )
    part = next(part for part in home.privacy.tables() if part.table.endswith("analytics_events_20260310"))
    found = home.privacy.search_rows(home.identifiers, uuid4(), part, None)
    assert found.next_page is not None
    assert found.older < 8
    operation = home.run("erase")
    assert home.mentions() == {}
    assert operation.counts["deleted_analytics_events"] == 5
