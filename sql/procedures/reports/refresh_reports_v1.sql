-- Refreshes an organisation's report statistics from its projections. Returns the seconds it took; null when another
-- refresh of the organisation is under way.
-- Why no transaction snapshot for all of it: an event that comes between two statements is left to the next refresh.
create or replace function rollcall.refresh_reports_v1(p_org_id uuid, p_now timestamptz) returns double precision
language plpgsql
security definer
set search_path = rollcall, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
    v_started_at timestamptz := clock_timestamp();
    v_refreshed_xid xid8;
begin
    if not pg_try_advisory_xact_lock(hashtextextended('rollcall.refresh_reports ' || p_org_id, 0)) then
        return null;
    end if;
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    -- Before any statement reads: transactions that run now may be missed below, so the next refresh reads them again.
    v_refreshed_xid := pg_snapshot_xmin(pg_current_snapshot());
    perform refresh_course_statistics_v1(p_org_id, p_now);
    perform refresh_lesson_statistics_v1(p_org_id, p_now);

    insert into organisation_statistics as stored (
        org_id, learner_count, course_count, lesson_count, active_learner_count_7_days, active_learner_count_28_days,
        event_count, time_spent_seconds, completed_lesson_count, completed_course_count, open_dead_letter_count,
        rejected_event_count, as_of, refreshed_xid, refresh_seconds
    )
    select
        p_org_id, learner.total, course.total, lesson.total, learner.active_7_days, learner.active_28_days,
        course.event_count, course.time_spent_seconds, lesson.completed_count, enrollment.completed_count,
        letter.total, rejected.total, p_now, v_refreshed_xid, extract(epoch from clock_timestamp() - v_started_at)
    from (
        select
            count(*) as total,
            count(*) filter (where last_activity_at >= p_now - interval '7 days') as active_7_days,
            count(*) filter (where last_activity_at >= p_now - interval '28 days') as active_28_days
        from (
            select user_id, max(last_activity_at) as last_activity_at from course_progress
            where org_id = p_org_id
            group by user_id
        ) as active
    ) as learner
    cross join (
        select
            count(*) as total, coalesce(sum(event_count), 0) as event_count,
            coalesce(sum(time_spent_seconds), 0) as time_spent_seconds
        from course_statistics where org_id = p_org_id
    ) as course
    cross join (
        select count(*) as total, coalesce(sum(completed_count), 0) as completed_count
        from lesson_statistics where org_id = p_org_id
    ) as lesson
    cross join (
        select coalesce(sum(completed_count), 0) as completed_count from org_enrollment_stats where org_id = p_org_id
    ) as enrollment
    cross join (
        select count(*) as total from dead_letters where org_id = p_org_id and state = 'open'
    ) as letter
    cross join (select count(*) as total from rejected_events where org_id = p_org_id) as rejected
    on conflict (org_id) do update set
        learner_count = excluded.learner_count,
        course_count = excluded.course_count,
        lesson_count = excluded.lesson_count,
        active_learner_count_7_days = excluded.active_learner_count_7_days,
        active_learner_count_28_days = excluded.active_learner_count_28_days,
        event_count = excluded.event_count,
        time_spent_seconds = excluded.time_spent_seconds,
        completed_lesson_count = excluded.completed_lesson_count,
        completed_course_count = excluded.completed_course_count,
        open_dead_letter_count = excluded.open_dead_letter_count,
        rejected_event_count = excluded.rejected_event_count,
        as_of = excluded.as_of,
        refreshed_xid = excluded.refreshed_xid,
        refresh_seconds = excluded.refresh_seconds;
    return extract(epoch from clock_timestamp() - v_started_at);
end
$$;

revoke all on function rollcall.refresh_reports_v1(uuid, timestamptz) from public;
grant execute on function rollcall.refresh_reports_v1(uuid, timestamptz) to rollcall_ops;
