-- Where learners leave an organisation's courses: a page of lessons by course and order of reach, after
-- (p_after_course_id, p_after_reach_rank); of p_course_id alone unless that is null. as_of is null where nothing was
-- counted yet.
-- Runs as its caller, whose row-level security applies.
create or replace function rollcall.report_lesson_dropoff_v1(
    p_org_id uuid, p_course_id text, p_after_course_id text, p_after_reach_rank integer, p_limit integer,
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
    select coalesce(jsonb_agg(to_jsonb(page) order by page.course_id, page.reach_rank), '[]') into entries
    from (
        select
            course_id, reach_rank, lesson_id, started_count, completed_count, current_count, dropped_count,
            dropped_rate, time_spent_seconds, average_percent
        from view_lesson_dropoff
        where org_id = p_org_id
            and (p_course_id is null or course_id = p_course_id)
            and (p_after_course_id is null or (course_id, reach_rank) > (p_after_course_id, p_after_reach_rank))
        order by course_id, reach_rank
        limit p_limit
    ) as page;
end
$$;

revoke all on function rollcall.report_lesson_dropoff_v1(uuid, text, text, integer, integer) from public;
grant execute on function rollcall.report_lesson_dropoff_v1(uuid, text, text, integer, integer) to rollcall_reader;
