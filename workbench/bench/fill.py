"""Rows that are stored before the clock starts: learners with a month of progress."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from workbench.bench import population
from workbench.bench.database import BenchDatabase

DAYS = 25
EVENTS_PER_DAY = 8
EVENTS_PER_LEARNER = DAYS * EVENTS_PER_DAY
CONNECTIONS = 2

Step = Callable[[str], None]

LESSONS = f"""
insert into {{schema}}.lesson_progress
select
    {population.SQL_ORG_ID}, {population.SQL_USER_ID}, {population.SQL_COURSE_ID}, {population.SQL_LESSON_ID},
    50, now() - interval '25 days', now() - interval '1 day', null, 300, 6
from generate_series({{first}}, {{last}}) as learner
cross join generate_series(0, {population.LESSONS_PER_LEARNER - 1}) as lesson
order by 1, 2, 3, 4
on conflict do nothing
"""  # noqa: S608 - numbers and names of ours

COURSES = """
insert into {schema}.course_progress
select
    org_id, user_id, course_id, avg(percent), min(first_activity_at), max(last_activity_at), null,
    sum(time_spent_seconds), sum(event_count), count(*), 0
from {schema}.lesson_progress
group by org_id, user_id, course_id
on conflict do nothing
"""

# Event ids are random, as clients make them, so that inserts hit random pages of the ledger's index.
EVENTS = f"""
with made as (
    insert into rollcall.progress_events
    select
        {population.SQL_ORG_ID}, {population.SQL_USER_ID},
        now() - interval '{{day}} days' - random() * interval '12 hours', gen_random_uuid(), now(), null,
        'progressed', 30, 50, {population.SQL_COURSE_ID}, {population.SQL_LESSON_ID}, null
    from generate_series({{first}}, {{last}}) as learner
    cross join lateral (
        select ({{day}} * {EVENTS_PER_DAY} + number) % {population.LESSONS_PER_LEARNER} as lesson
        from generate_series(1, {EVENTS_PER_DAY}) as number
    ) as event
    order by 1, 2, 3
    returning org_id, event_id, occurred_at
)
insert into rollcall.progress_identities
select org_id, event_id, occurred_at, uuid_send(event_id) from made
"""  # noqa: S608 - numbers and names of ours


def fill_projections(database: BenchDatabase, schema: str, first: int, learners: int) -> None:
    """Store progress of learners in all their lessons and courses."""
    database.run(
        LESSONS.format(schema=schema, first=first, last=first + learners - 1),
        COURSES.format(schema=schema),
        f"vacuum analyze {schema}.lesson_progress",
        f"vacuum analyze {schema}.course_progress",
    )


def fill_events(database: BenchDatabase, first: int, learners: int, step: Step) -> None:
    """Store events and identities of these learners, spread over the daily partitions."""

    def fill_day(day: int) -> None:
        database.run(EVENTS.format(day=day, first=first, last=first + learners - 1))
        step(f"filling: day {day}")

    with ThreadPoolExecutor(CONNECTIONS) as connections:
        list(connections.map(fill_day, range(1, DAYS + 1)))
