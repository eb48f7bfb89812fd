-- Counts an organisation's lessons anew: who reached each, completed it, is at it now, or left the course there. Only
-- rows that differ are written. A learner is at the lesson of their latest activity in a course, until all of its
-- lessons are completed; after 14 days without any activity in the course, the learner left it there.
-- The caller has set the transaction's organisation, and is the only one at work on it.
create or replace function rollcall.refresh_lesson_statistics_v1(p_org_id uuid, p_now timestamptz) returns void
language plpgsql
set search_path = rollcall, pg_temp
set plan_cache_mode = force_custom_plan
set work_mem = '64MB'
as $$
begin
    with course as (
        select course_id, count(*) as lesson_count from lessons
        where org_id = p_org_id
        group by course_id
    ),
    latest as (
        select distinct on (user_id, course_id) user_id, course_id, lesson_id, last_activity_at from lesson_progress
        where org_id = p_org_id
        order by user_id, course_id, last_activity_at desc, lesson_id desc
    ),
    stay as (
        select
            latest.course_id, latest.lesson_id,
            count(*) filter (where latest.last_activity_at >= p_now - interval '14 days') as current_count,
            count(*) filter (where latest.last_activity_at < p_now - interval '14 days') as dropped_count
        from latest
        inner join course using (course_id)
        inner join (select * from course_progress where org_id = p_org_id) as standing using (user_id, course_id)
        where standing.lessons_completed < course.lesson_count
        group by latest.course_id, latest.lesson_id
    ),
    reached as (
        select
            course_id, lesson_id, count(*) as started_count, count(first_completed_at) as completed_count,
            sum(time_spent_seconds) as time_spent_seconds, round(avg(percent), 2) as average_percent
        from lesson_progress
        where org_id = p_org_id
        group by course_id, lesson_id
    ),
    correct as materialized (
        select
            course_id, lesson_id,
            row_number() over (partition by course_id order by started_count desc, lesson_id) as reach_rank,
            started_count, completed_count, coalesce(current_count, 0) as current_count,
            coalesce(dropped_count, 0) as dropped_count, time_spent_seconds, average_percent
        from reached left join stay using (course_id, lesson_id)
    ),
    removed as (
        delete from lesson_statistics as stored
        where stored.org_id = p_org_id
            and not exists (
                select from correct where correct.course_id = stored.course_id and correct.lesson_id = stored.lesson_id
            )
    )
    insert into lesson_statistics as stored (
        org_id, course_id, lesson_id, reach_rank, started_count, completed_count, current_count, dropped_count,
        time_spent_seconds, average_percent
    )
    select p_org_id, correct.* from correct
    on conflict (org_id, course_id, lesson_id) do update set
        reach_rank = excluded.reach_rank,
        started_count = excluded.started_count,
        completed_count = excluded.completed_count,
        current_count = excluded.current_count,
        dropped_count = excluded.dropped_count,
        time_spent_seconds = excluded.time_spent_seconds,
        average_percent = excluded.average_percent
    where stored is distinct from excluded;
end
$$;

revoke all on function rollcall.refresh_lesson_statistics_v1(uuid, timestamptz) from public;
