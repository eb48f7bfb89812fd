-- Who completed an organisation's courses, of those who began on a day from p_from until before p_to (null is any): a
-- page in the order of course ids, after p_after_course_id; of p_course_id alone unless that is null. A course without
-- a beginner has zeros. as_of is null where nothing was counted yet.
-- Runs as its caller, whose row-level security applies.
create or replace function rollcall.report_completion_v1(
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
    select coalesce(jsonb_agg(to_jsonb(page) order by page.course_id), '[]') into entries
    from (
        select
            course.course_id,
            coalesce(sum(cohort.learner_count), 0) as started_count,
            coalesce(sum(cohort.learner_count) filter (where cohort.days_to_complete is not null), 0)
                as completed_count,
            round(
                coalesce(sum(cohort.learner_count) filter (where cohort.days_to_complete is not null), 0)
                / sum(cohort.learner_count)::numeric, 4
            ) as completion_rate,
            min(cohort.days_to_complete) filter (where 2 * cohort.completed_until >= cohort.completed_total)
                as median_days_to_complete
        from (
            select course_id from course_statistics
            where org_id = p_org_id
                and (p_course_id is null or course_id = p_course_id)
                and (p_after_course_id is null or course_id > p_after_course_id)
            order by course_id
            limit p_limit
        ) as course
        left join lateral (
            select
                days_to_complete, learner_count,
                sum(learner_count) filter (where days_to_complete is not null) over (order by days_to_complete)
                    as completed_until,
                sum(learner_count) filter (where days_to_complete is not null) over () as completed_total
            from course_cohorts
            where org_id = p_org_id and course_cohorts.course_id = course.course_id
                and (p_from is null or started_on >= p_from) and (p_to is null or started_on < p_to)
        ) as cohort on true
        group by course.course_id
    ) as page;
end
$$;

revoke all on function rollcall.report_completion_v1(uuid, date, date, text, text, integer) from public;
grant execute on function rollcall.report_completion_v1(uuid, date, date, text, text, integer) to rollcall_reader;
