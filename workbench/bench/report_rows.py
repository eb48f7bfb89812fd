"""Rows that reports read, for one organisation with all events: projections, directory, a year of rollups.

No event is ingested: projections and rollups get the rows that so many events would leave.
"""

from collections.abc import Callable

from workbench.bench import population
from workbench.bench.database import BenchDatabase
from workbench.bench.fill import EVENTS_PER_LEARNER

DAYS = 366
ORG_ID = population.org_id(0)
LEARNERS_A_STATEMENT = 10_000
TABLES = (
    "lesson_progress, course_progress, organisations, learners, courses, lessons, assignments, hourly_rollups,"
    " daily_rollups, daily_course_rollups, daily_durations, organisation_statistics, course_statistics,"
    " course_cohorts, lesson_statistics, org_enrollment_stats, progress_events"
)

Step = Callable[[str], None]

# Over half a year, fewer learners reach each later lesson. Most lessons are completed within days.
LESSONS = f"""
insert into rollcall.lesson_progress
select
    '{ORG_ID}'::uuid, {population.SQL_USER_ID}, {population.SQL_COURSE_ID}, {population.SQL_LESSON_ID},
    (learner * 7 + lesson * 13) % 101, began_at, began_at + interval '2 hours',
    case when (learner + lesson) % 9 > 0 then began_at + interval '1 hour' end,
    300, {EVENTS_PER_LEARNER} / {population.LESSONS_PER_LEARNER}
from generate_series({{first}}, {{last}}) as learner
cross join generate_series(0, {population.LESSONS_PER_LEARNER - 1}) as lesson
cross join lateral (
    select now() - (learner % 180 + 40 - lesson % {population.LESSONS_PER_COURSE}) * interval '1 day'
        - (learner % 24) * interval '1 hour' as began_at
) as begin
where lesson % {population.LESSONS_PER_COURSE} <= 4 + learner % {population.LESSONS_PER_COURSE}
order by 1, 2, 3, 4
"""  # noqa: S608 - numbers and names of ours

REST = (
    """
    insert into rollcall.course_progress
    select
        org_id, user_id, course_id, round(avg(percent), 2), min(first_activity_at), max(last_activity_at),
        min(first_completed_at), sum(time_spent_seconds), sum(event_count), count(*), count(first_completed_at)
    from rollcall.lesson_progress
    group by org_id, user_id, course_id
    order by org_id, user_id, course_id
    """,
    "insert into rollcall.organisations values ('{org_id}', now())",
    "insert into rollcall.learners select distinct org_id, user_id, now() from rollcall.course_progress",
    "insert into rollcall.courses select distinct org_id, course_id, now() from rollcall.course_progress",
    "insert into rollcall.lessons select distinct org_id, course_id, lesson_id, now() from rollcall.lesson_progress",
    """
    insert into rollcall.assignments
    select org_id, user_id, course_id, null, last_activity_at from rollcall.course_progress
    where hashtext(user_id::text) % 3 <> 0
    """,
    """
    insert into rollcall.hourly_rollups
    select '{org_id}', source, now() - hour * interval '1 hour', name, 100, 20, 3000
    from generate_series(1, {hours}) as hour
    cross join unnest(array['progress', 'analytics']) as source
    cross join unnest(array['started', 'progressed', 'completed']) as name
    """,
    """
    insert into rollcall.daily_rollups
    select '{org_id}', source, current_date - day, 7200, 1400, 72000, 900, day > 30
    from generate_series(0, {days}) as day cross join unnest(array['progress', 'analytics']) as source
    """,
    """
    insert into rollcall.daily_course_rollups
    select '{org_id}', current_date - day, 'course-' || course, 144, 28, 1440, 60
    from generate_series(0, {days}) as day
    cross join generate_series(0, {last_course}) as course
    """,
    """
    insert into rollcall.daily_durations
    select '{org_id}', source, current_date - day, name, bucket, 10
    from generate_series(0, {days}) as day
    cross join unnest(array['progress', 'analytics']) as source
    cross join unnest(array['started', 'progressed', 'completed']) as name
    cross join generate_series(200, 400) as bucket
    """,
)


def fill_reports(database: BenchDatabase, events: int, step: Step) -> None:
    """Replace all rows by those that so many events of one organisation would leave."""
    learners = events // EVENTS_PER_LEARNER
    database.run(f"truncate rollcall.{TABLES.replace(', ', ', rollcall.')}")
    for first in range(0, learners, LEARNERS_A_STATEMENT):
        database.run(LESSONS.format(first=first, last=min(first + LEARNERS_A_STATEMENT, learners) - 1))
    step(f"filling: {events:,}")
    names = {
        "org_id": ORG_ID,
        "days": DAYS,
        "hours": 24 * DAYS,
        "last_course": population.COURSES_PER_ORGANISATION - 1,
    }
    database.run(*(statement.format(**names) for statement in REST), "vacuum analyze", "checkpoint")
