-- Computes learners' course projections anew from their lessons. The arrays are parallel: one touched lesson each.
-- Why from scratch: a course has few lessons, and a sum over all of them cannot drift as a sum of differences can.
-- The caller holds the learners' locks, so no other batch changes these lessons meanwhile.
-- Why plpgsql: it keeps its plan, where a function in plain SQL would plan anew at every call. Why lateral: the kept
-- plan may have been made while the table was small, and this form reads by the key whatever its size.
create or replace function rollcall.move_course_progress_v1(p_org_ids uuid[], p_user_ids uuid[], p_course_ids text[])
returns void
language plpgsql
set search_path = rollcall, pg_temp
as $$
begin
    insert into course_progress as course (
        org_id, user_id, course_id, percent, first_activity_at, last_activity_at, first_completed_at,
        time_spent_seconds, event_count, lessons_started, lessons_completed
    )
    select touched.*, standing.*
    from (
        select distinct org_id, user_id, course_id
        from unnest(p_org_ids, p_user_ids, p_course_ids) as touched (org_id, user_id, course_id)
    ) as touched
    cross join lateral (
        select
            round(avg(percent), 2), min(first_activity_at), max(last_activity_at), min(first_completed_at),
            sum(time_spent_seconds), sum(event_count), count(*), count(first_completed_at)
        from lesson_progress
        where lesson_progress.org_id = touched.org_id
            and lesson_progress.user_id = touched.user_id
            and lesson_progress.course_id = touched.course_id
    ) as standing
    order by org_id, user_id, course_id
    on conflict (org_id, user_id, course_id) do update set
        percent = excluded.percent,
        first_activity_at = excluded.first_activity_at,
        last_activity_at = excluded.last_activity_at,
        first_completed_at = excluded.first_completed_at,
        time_spent_seconds = excluded.time_spent_seconds,
        event_count = excluded.event_count,
        lessons_started = excluded.lessons_started,
        lessons_completed = excluded.lessons_completed;
end
$$;

revoke all on function rollcall.move_course_progress_v1(uuid[], uuid[], text[]) from public;
