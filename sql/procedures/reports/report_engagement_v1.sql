-- What happens in an organisation's courses: how learners stand, and what occurred on the days from p_from until before
-- p_to. A page in the order of course ids, after p_after_course_id; of p_course_id alone unless that is null. as_of is
-- null where nothing was counted yet.
-- Runs as its caller, whose row-level security applies.
create or replace function rollcall.report_engagement_v1(
    p_org_id uuid, p_from date, p_to date, p_course_id text, p_after_course_id text, p_limit integer,
    out as_of timestamptz, out entries jsonb
)
language plpgsql
set search_path = rollcall, pg_temp
-- Windows from a day to a year, and organisations of any size, need different plans.
set plan_cache_mode = force_custom_plan
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    select organisation.as_of into as_of from organisation_statistics as organisation where org_id = p_org_id;
    with page as materialized (
        select * from view_course_engagement
        where org_id = p_org_id
            and (p_course_id is null or course_id = p_course_id)
            and (p_after_course_id is null or course_id > p_after_course_id)
        order by course_id
        limit p_limit
    ),
    happened as (
        select
            course_id, sum(event_count) as event_count, sum(completed_count) as completed_lesson_count,
            sum(active_learner_count) as active_learner_days, sum(time_spent_seconds) as time_spent_seconds
        from daily_course_rollups
        where org_id = p_org_id and day >= p_from and day < p_to
            and course_id >= (select min(course_id) from page) and course_id <= (select max(course_id) from page)
        group by course_id
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'course_id', page.course_id,
        'enrolled_count', page.enrolled_count,
        'learner_count', page.learner_count,
        'active_learner_count_7_days', page.active_learner_count_7_days,
        'active_learner_count_28_days', page.active_learner_count_28_days,
        'event_count', coalesce(happened.event_count, 0),
        'completed_lesson_count', coalesce(happened.completed_lesson_count, 0),
        'active_learner_days', coalesce(happened.active_learner_days, 0),
        'time_spent_seconds', coalesce(happened.time_spent_seconds, 0),
        'average_percent', page.average_percent,
        'last_activity_at', page.last_activity_at
    ) order by page.course_id), '[]') into entries
    from page left join happened using (course_id);
end
$$;

revoke all on function rollcall.report_engagement_v1(uuid, date, date, text, text, integer) from public;
grant execute on function rollcall.report_engagement_v1(uuid, date, date, text, text, integer) to rollcall_reader;
grant select on rollcall.daily_course_rollups to rollcall_reader;
