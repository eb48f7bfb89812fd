-- Makes the projections of these learners equal to their stored events, or in a dry run only counts the changes.
-- Correct rows are not written. Returns counts of rows of both projections: inserted, changed, removed, unchanged, and
-- out_of_reach: left alone, because retention dropped some of their events, and the remaining ones would give less.
-- The caller holds the learners' locks, so no other transaction changes these rows meanwhile.
create or replace function rollcall.rebuild_progress_v1(p_org_id uuid, p_user_ids uuid[], p_is_dry_run boolean)
returns jsonb
language plpgsql
set search_path = rollcall, pg_temp
as $$
declare
    v_kept_since timestamptz := oldest_progress_event_v1();
    v_counts jsonb;
begin
    with stored_lesson as materialized (
        select * from lesson_progress where org_id = p_org_id and user_id = any (p_user_ids)
    ),
    lesson_out_of_reach as materialized (
        select * from stored_lesson where first_activity_at < v_kept_since
    ),
    told_lesson as (
        select
            user_id, course_id, lesson_id, max(percent) as percent, min(occurred_at) as first_activity_at,
            max(occurred_at) as last_activity_at,
            min(occurred_at) filter (where kind = 'completed') as first_completed_at,
            sum(time_spent_seconds) as time_spent_seconds, count(*) as event_count
        from progress_events
        where org_id = p_org_id and user_id = any (p_user_ids)
        group by user_id, course_id, lesson_id
    ),
    right_lesson as materialized (
        select told_lesson.*
        from told_lesson
        left join lesson_out_of_reach as beyond using (user_id, course_id, lesson_id)
        where beyond.org_id is null
        union all
        select
            user_id, course_id, lesson_id, percent, first_activity_at, last_activity_at, first_completed_at,
            time_spent_seconds, event_count
        from lesson_out_of_reach
    ),
    lesson as materialized (
        select
            user_id, course_id, lesson_id,
            correct.percent, correct.first_activity_at, correct.last_activity_at, correct.first_completed_at,
            correct.time_spent_seconds, correct.event_count,
            case
                when stored.first_activity_at < v_kept_since then 'out_of_reach'
                when stored.org_id is null then 'inserted'
                when correct.event_count is null then 'removed'
                when (
                    correct.percent, correct.first_activity_at, correct.last_activity_at, correct.first_completed_at,
                    correct.time_spent_seconds, correct.event_count
                ) is distinct from (
                    stored.percent, stored.first_activity_at, stored.last_activity_at, stored.first_completed_at,
                    stored.time_spent_seconds, stored.event_count
                ) then 'changed'
                else 'unchanged'
            end as fate
        from right_lesson as correct
        full join stored_lesson as stored using (user_id, course_id, lesson_id)
    ),
    stored_course as materialized (
        select * from course_progress where org_id = p_org_id and user_id = any (p_user_ids)
    ),
    right_course as materialized (
        select
            user_id, course_id, round(avg(percent), 2) as percent, min(first_activity_at) as first_activity_at,
            max(last_activity_at) as last_activity_at, min(first_completed_at) as first_completed_at,
            sum(time_spent_seconds) as time_spent_seconds, sum(event_count) as event_count,
            count(*) as lessons_started, count(first_completed_at) as lessons_completed
        from right_lesson
        group by user_id, course_id
    ),
    course as materialized (
        select
            user_id, course_id,
            correct.percent, correct.first_activity_at, correct.last_activity_at, correct.first_completed_at,
            correct.time_spent_seconds, correct.event_count, correct.lessons_started, correct.lessons_completed,
            case
                -- The course began before the stored events, with a lesson that has no row any more.
                when stored.first_activity_at < v_kept_since
                    and coalesce(correct.first_activity_at > stored.first_activity_at, true) then 'out_of_reach'
                when stored.org_id is null then 'inserted'
                when correct.event_count is null then 'removed'
                when (
                    correct.percent, correct.first_activity_at, correct.last_activity_at, correct.first_completed_at,
                    correct.time_spent_seconds, correct.event_count, correct.lessons_started,
                    correct.lessons_completed
                ) is distinct from (
                    stored.percent, stored.first_activity_at, stored.last_activity_at, stored.first_completed_at,
                    stored.time_spent_seconds, stored.event_count, stored.lessons_started, stored.lessons_completed
                ) then 'changed'
                else 'unchanged'
            end as fate
        from right_course as correct
        full join stored_course as stored using (user_id, course_id)
    ),
    removed_lesson as (
        delete from lesson_progress as row
        using lesson
        where not p_is_dry_run and lesson.fate = 'removed'
            and row.org_id = p_org_id and row.user_id = any (p_user_ids)
            and row.user_id = lesson.user_id
            and row.course_id = lesson.course_id
            and row.lesson_id = lesson.lesson_id
    ),
    changed_lesson as (
        update lesson_progress as row set
            percent = lesson.percent,
            first_activity_at = lesson.first_activity_at,
            last_activity_at = lesson.last_activity_at,
            first_completed_at = lesson.first_completed_at,
            time_spent_seconds = lesson.time_spent_seconds,
            event_count = lesson.event_count
        from lesson
        where not p_is_dry_run and lesson.fate = 'changed'
            and row.org_id = p_org_id and row.user_id = any (p_user_ids)
            and row.user_id = lesson.user_id
            and row.course_id = lesson.course_id
            and row.lesson_id = lesson.lesson_id
    ),
    inserted_lesson as (
        insert into lesson_progress (
            org_id, user_id, course_id, lesson_id, percent, first_activity_at, last_activity_at, first_completed_at,
            time_spent_seconds, event_count
        )
        select
            p_org_id, user_id, course_id, lesson_id, percent, first_activity_at, last_activity_at, first_completed_at,
            time_spent_seconds, event_count
        from lesson
        where not p_is_dry_run and fate = 'inserted'
        order by user_id, course_id, lesson_id
    ),
    removed_course as (
        delete from course_progress as row
        using course
        where not p_is_dry_run and course.fate = 'removed'
            and row.org_id = p_org_id and row.user_id = any (p_user_ids)
            and row.user_id = course.user_id
            and row.course_id = course.course_id
    ),
    changed_course as (
        update course_progress as row set
            percent = course.percent,
            first_activity_at = course.first_activity_at,
            last_activity_at = course.last_activity_at,
            first_completed_at = course.first_completed_at,
            time_spent_seconds = course.time_spent_seconds,
            event_count = course.event_count,
            lessons_started = course.lessons_started,
            lessons_completed = course.lessons_completed
        from course
        where not p_is_dry_run and course.fate = 'changed'
            and row.org_id = p_org_id and row.user_id = any (p_user_ids)
            and row.user_id = course.user_id
            and row.course_id = course.course_id
    ),
    inserted_course as (
        insert into course_progress (
            org_id, user_id, course_id, percent, first_activity_at, last_activity_at, first_completed_at,
            time_spent_seconds, event_count, lessons_started, lessons_completed
        )
        select
            p_org_id, user_id, course_id, percent, first_activity_at, last_activity_at, first_completed_at,
            time_spent_seconds, event_count, lessons_started, lessons_completed
        from course
        where not p_is_dry_run and fate = 'inserted'
        order by user_id, course_id
    )
    select coalesce(jsonb_object_agg(fate, number), '{}') into v_counts
    from (
        select fate, count(*) as number
        from (select fate from lesson union all select fate from course) as fates
        group by fate
    ) as numbers;
    return v_counts;
end
$$;

revoke all on function rollcall.rebuild_progress_v1(uuid, uuid[], boolean) from public;
