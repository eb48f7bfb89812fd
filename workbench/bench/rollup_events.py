"""Stored events like a month of live traffic: 25 in a transaction, in order of time, organisations mixed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from workbench.bench import population
from workbench.bench.database import BenchDatabase
from workbench.bench.fill import CONNECTIONS, DAYS

BATCH_EVENTS = 25
ROLLUPS = (
    "hourly_rollups", "daily_rollups", "daily_course_rollups", "daily_durations", "active_learners",
    "active_course_learners", "rollup_offsets", "rollup_tickets",
)  # fmt: skip

# Uses up as many transaction ids, by transactions that write nothing.
SPEND = "do $$ begin for batch in 0..{batches} loop perform pg_current_xact_id(); commit; end loop; end $$"
EVENTS = f"""
insert into rollcall.progress_events
select
    {population.SQL_ORG_ID}, {population.SQL_USER_ID},
    now() - interval '{{days_ago}} days' - random() * interval '12 hours', gen_random_uuid(), now(), null,
    (array['started', 'progressed', 'progressed', 'completed'])[1 + number % 4]::rollcall.progress_kind,
    (random() * 600)::integer, 30, {population.SQL_COURSE_ID}, {population.SQL_LESSON_ID}, null,
    ({{first_xid}} + batch)::text::xid8
from (
    select
        batch, number, (hashint8(batch) & 2147483647) % {{learners}} as learner,
        (batch + number) % {population.LESSONS_PER_LEARNER} as lesson
    from generate_series({{first}}::bigint, {{last}}::bigint) as batch
    cross join generate_series(1, {BATCH_EVENTS}) as number
) as sent
"""  # noqa: S608 - numbers and names of ours


def fill_stream(database: BenchDatabase, events: int, learners: int, step: Callable[[str], None]) -> int:
    """Store about so many events, spread over days; return the exact number."""
    batches_a_day = events // BATCH_EVENTS // DAYS
    first_xid = int(database.ask("select pg_current_xact_id()::text"))
    database.run(
        f"truncate rollcall.progress_events, {', '.join(f'rollcall.{table}' for table in ROLLUPS)}",
        SPEND.format(batches=batches_a_day * DAYS + 1),
        f"insert into rollcall.organisations select distinct {population.SQL_ORG_ID}, now()"  # noqa: S608
        f" from generate_series(0, {population.ORGANISATIONS - 1}) as learner on conflict do nothing",
    )

    def fill_day(day: int) -> None:
        first = day * batches_a_day
        database.run(
            EVENTS.format(
                days_ago=DAYS - day, first=first, last=first + batches_a_day - 1, first_xid=first_xid, learners=learners
            )
        )
        step(f"filling: day {day}")

    with ThreadPoolExecutor(CONNECTIONS) as connections:
        list(connections.map(fill_day, range(DAYS)))
    database.run("vacuum analyze rollcall.progress_events")
    return batches_a_day * DAYS * BATCH_EVENTS


def forget_rollups(database: BenchDatabase) -> None:
    """Reset the rollups, so that no event counts as folded."""
    database.run(f"truncate {', '.join(f'rollcall.{table}' for table in ROLLUPS)}", "checkpoint")
