-- An organisation at a glance: how it stands, and what occurred on the days from p_from until before p_to. as_of is
-- null and the entry all zeros where nothing was counted yet.
-- Runs as its caller, whose row-level security applies.
create or replace function rollcall.report_overview_v1(
    p_org_id uuid, p_from date, p_to date, out as_of timestamptz, out entry jsonb
)
language plpgsql
set search_path = rollcall, pg_temp
-- Windows from a day to a year, and organisations of any size, need different plans.
set plan_cache_mode = force_custom_plan
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    select jsonb_build_object(
        'learner_count', standing.learner_count,
        'course_count', standing.course_count,
        'lesson_count', standing.lesson_count,
        'active_learner_count_7_days', standing.active_learner_count_7_days,
        'active_learner_count_28_days', standing.active_learner_count_28_days,
        'completed_course_count', standing.completed_course_count,
        'open_dead_letter_count', standing.open_dead_letter_count,
        'rejected_event_count', standing.rejected_event_count
    ), standing.as_of
    into entry, as_of
    from view_admin_overview as standing
    where standing.org_id = p_org_id;
    select coalesce(entry, '{}') || jsonb_build_object(
        'progress_event_count', coalesce(sum(event_count) filter (where source = 'progress'), 0),
        'analytics_event_count', coalesce(sum(event_count) filter (where source = 'analytics'), 0),
        'completed_lesson_count', coalesce(sum(completed_count) filter (where source = 'progress'), 0),
        'active_learner_days', coalesce(sum(active_learner_count) filter (where source = 'progress'), 0),
        'time_spent_seconds', coalesce(sum(time_spent_seconds) filter (where source = 'progress'), 0)
    )
    into entry
    from daily_rollups
    where org_id = p_org_id and day >= p_from and day < p_to;
end
$$;

revoke all on function rollcall.report_overview_v1(uuid, date, date) from public;
grant execute on function rollcall.report_overview_v1(uuid, date, date) to rollcall_reader;
grant select on rollcall.daily_rollups to rollcall_reader;
