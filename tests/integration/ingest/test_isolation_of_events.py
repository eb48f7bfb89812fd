"""One event that cannot be read or stored does not cost the others of its message: it alone becomes a dead letter."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.spool import SpooledBatch

from tests.builders import NOW, an_event, queued_batch, scrubbed_event
from tests.integration.dead_letters.test_redrive import A, World, broken, world  # noqa: F401 - fixtures

DEEP: Any = 0
for _ in range(60):
    DEEP = [DEEP]

# What our contracts refuse, and what only the database does, of an analytics event.
BAD_ANALYTICS: dict[str, dict[str, Any]] = {
    "an offset that PostgreSQL refuses": {"occurred_at": "2026-03-10T12:00:00+16:00"},
    "a time before time": {"occurred_at": "-infinity"},
    "a time without an offset that is none": {"occurred_at": "yesterday"},
    "NUL in a name": {"name": "lesson\x00viewed"},
    "NUL in a property": {"properties": {"text": "a\x00b"}},
    "NUL in a key": {"properties": {"a\x00b": 1}},
    "a lone surrogate": {"properties": {"text": "\ud800"}},
    "a number out of range": {"properties": {"n": 10**200_000}},
    "a long name": {"name": "n" * 129},
    "a pseudonym that is none": {"user_pseudonym": "kim@example.org"},
    "a member of tomorrow": {"consent": "yes"},
    "remarks that are none": {"remarks": [["only one"]]},
    "a digest that is none": {"digest": "short"},
    "no object": {"properties": []},
}
BAD_PROGRESS: dict[str, dict[str, Any]] = {
    "an offset that PostgreSQL refuses": {"occurred_at": "2026-03-10T12:00:00+16:00"},
    "no time": {"occurred_at": None},
    "NUL in a course": {"course_id": "a\x00b"},
    "NUL in an attribute": {"attributes": {"text": "a\x00b"}},
    "a long lesson": {"lesson_id": "l" * 500},
    "percent beyond": {"percent": 1e300},
    "time beyond": {"time_spent_seconds": 10**30},
    "a kind of tomorrow": {"kind": "reviewed"},
    "a member of tomorrow": {"consent": "yes"},
}


def as_json(document: Any) -> str:
    import sys

    sys.set_int_max_str_digits(0)
    try:
        return json.dumps(document)
    finally:
        sys.set_int_max_str_digits(4_300)


def outcomes(world: World, table: str) -> tuple[set[UUID], set[UUID]]:  # noqa: F811
    """Return the ids of stored events, and of those in dead letters."""
    stored = {row for (row,) in world.clone.rows(f"select event_id from rollcall.{table}")}
    dead = {row for (row,) in world.clone.rows("select event_id from rollcall.dead_letter_events")}
    return stored, dead


@pytest.mark.parametrize("name", BAD_ANALYTICS)
@pytest.mark.parametrize("bad_at", [0, 10, 20])
def test_the_good_analytics_events_of_a_message_are_stored(world: World, name: str, bad_at: int) -> None:  # noqa: F811
    """Wherever the bad one stands: twenty are stored once, and it is a dead letter of its organisation, alone."""
    good = [scrubbed_event(properties={"score": number}) for number in range(20)]
    batch = json.loads(queued_batch(A, *good).model_dump_json(exclude_none=True))
    bad_id = uuid4()
    batch["events"].insert(bad_at, batch["events"][0] | {"event_id": str(bad_id)} | BAD_ANALYTICS[name])
    world.send("https://sqs.example/analytics", as_json(batch))
    world.drain()
    stored, dead = outcomes(world, "analytics_events")
    assert {event.event_id for event in good} <= stored
    if bad_id not in stored:  # a contract may take it after all, and then it is stored
        assert dead == {bad_id}
        ((letter),) = world.letters()
        assert (letter.event_count, letter.state) == (1, "open")
    assert len(stored) + len(dead) == 21
    ((waiting,),) = world.clone.rows("select count(*) from rollcall.queued_batches")
    assert waiting == 0


@pytest.mark.parametrize("name", BAD_PROGRESS)
def test_the_good_spooled_events_of_a_message_are_stored(world: World, name: str) -> None:  # noqa: F811
    """The same of progress that waited while the database was away; and what was stored is archived."""
    good = [an_event(A) for _ in range(20)]
    spooled = SpooledBatch(subject="subject:" + "0" * 32, org_ids=[A], received_at=NOW, events=good)
    batch = json.loads(spooled.model_dump_json(exclude_none=True))
    bad_id = uuid4()
    batch["events"].insert(7, batch["events"][0] | {"event_id": str(bad_id)} | BAD_PROGRESS[name])
    world.send("https://sqs.example/spool", as_json(batch))
    world.drain()
    stored, dead = outcomes(world, "progress_events")
    assert {event.event_id for event in good} <= stored
    if bad_id not in stored:
        assert dead == {bad_id}
        assert [letter.org_id for letter in world.letters()] == [A]
    assert len(stored) + len(dead) == 21
    assert any(
        str(good[0].event_id).encode() in body for key, body in world.archive.items() if key.startswith("spool/")
    )


def test_a_message_of_bad_ones_alone_is_one_dead_letter(world: World) -> None:  # noqa: F811
    """With all of its events, under its organisation: as it came."""
    batch = json.loads(queued_batch(A, *(scrubbed_event() for _ in range(3))).model_dump_json(exclude_none=True))
    for event in batch["events"]:
        event["digest"] = "short"
    world.send("https://sqs.example/analytics", json.dumps(batch))
    refused = queued_batch(A, *(scrubbed_event(properties={"score": "\x00"}) for _ in range(3)))
    world.send("https://sqs.example/analytics", refused.model_dump_json(exclude_none=True))
    world.drain()
    letters = [(letter.org_id, letter.cause, letter.event_count) for letter in world.letters()]
    assert sorted(letters, key=str) == [(A, "poisoned", 3), (A, "store_refused", 3)]


def test_several_bad_ones_are_a_dead_letter_each(world: World) -> None:  # noqa: F811
    """So that one can be redriven without the others; also where two have the same id, or none."""
    good = [scrubbed_event() for _ in range(3)]
    batch = json.loads(queued_batch(A, *good).model_dump_json(exclude_none=True))
    same = str(uuid4())
    batch["events"] += [
        batch["events"][0] | {"event_id": same, "name": "x" * 200},
        batch["events"][0] | {"event_id": same, "name": "y" * 200},
        {"event_id": "none"},
        7,
    ]
    world.send("https://sqs.example/analytics", json.dumps(batch))
    world.drain()
    assert outcomes(world, "analytics_events") == ({event.event_id for event in good}, {UUID(same)})
    assert [letter.event_count for letter in world.letters()].count(1) == 2
    assert len(world.letters()) == 4
    assert len(world.archive) == 4


def test_a_single_event_is_redriven_once_it_can_be_stored(world: World) -> None:  # noqa: F811
    """Redriven in vain it stays the one dead letter; once it can be stored it is, and a second redrive does nothing."""
    good, bad = scrubbed_event(), scrubbed_event()
    batch = json.loads(queued_batch(A, good, bad).model_dump_json(exclude_none=True))
    world.clone.execute(
        "create function public.refuse() returns trigger language plpgsql as"
        f" $$begin if new.event_id = '{bad.event_id}' then raise exception using errcode = '22000'; end if;"
        " return new; end$$;"
        "create trigger refuse before insert on rollcall.analytics_events for each row execute function public.refuse()"
    )
    world.send("https://sqs.example/analytics", json.dumps(batch))
    world.drain()
    assert outcomes(world, "analytics_events") == ({good.event_id}, {bad.event_id})
    (letter,) = world.letters()
    assert (letter.cause, letter.event_count) == ("store_refused", 1)
    world.redrive({"all": True})
    world.drain()
    assert [(each.dead_letter_id, each.state) for each in world.letters()] == [(letter.dead_letter_id, "open")]
    world.clone.execute("drop trigger refuse on rollcall.analytics_events")
    for _ in range(2):
        world.redrive({"dead_letter_ids": [str(letter.dead_letter_id)]})
        world.drain()
    assert {row for (row,) in world.clone.rows("select event_id from rollcall.analytics_events")} == {
        good.event_id,
        bad.event_id,
    }
    assert world.states() == ["resolved"]


def test_a_redriven_letter_keeps_what_is_still_bad(world: World, broken: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Of a batch that was buried whole, the good ones are stored when it is redriven; the same letter has the rest."""
    good, bad = scrubbed_event(), scrubbed_event()
    batch = queued_batch(A, good, bad)
    world.send("https://sqs.example/analytics", batch.model_dump_json(exclude_none=True))
    world.drain()
    broken.undo()
    (letter,) = world.letters()
    assert letter.event_count == 2
    body = json.loads(world.archive[str(letter.archive_key)])
    body["events"][1]["digest"] = "short"
    world.archive[str(letter.archive_key)] = json.dumps(body).encode()
    world.redrive({"all": True})
    world.drain()
    stored, _ = outcomes(world, "analytics_events")
    assert stored == {good.event_id}
    assert [(each.dead_letter_id, each.state, each.event_count) for each in world.letters()] == [
        (letter.dead_letter_id, "open", 1)
    ]
