-- What happened in an organisation by day or by hour (p_grain), from p_from until before p_to, by source: a page in the
-- order of time and source, after (p_after_at, p_after_source). For one course (p_course_id, by day alone) progress
-- events are counted, and durations are unknown. as_of is null where nothing was counted yet.
-- Runs as its caller, whose row-level security applies.
create or replace function rollcall.report_activity_v1(
    p_org_id uuid, p_grain text, p_from date, p_to date, p_course_id text, p_after_at timestamptz, p_after_source text,
    p_limit integer, out as_of timestamptz, out entries jsonb
)
language plpgsql
set search_path = rollcall, pg_temp
-- Windows from a day to a year, and organisations of any size, need different plans.
set plan_cache_mode = force_custom_plan
set timezone = 'UTC'
as $$
declare
    v_after_day date := p_after_at::date;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    select organisation.as_of into as_of from organisation_statistics as organisation where org_id = p_org_id;
    if p_grain = 'hour' then
        select coalesce(jsonb_agg(to_jsonb(page) order by page.at, page.source), '[]') into entries
        from (
            select
                hour_at as at, source, sum(event_count) as event_count, sum(completed_count) as completed_count,
                sum(time_spent_seconds) as time_spent_seconds, null::bigint as active_learner_count,
                null::numeric as duration_p50_ms, null::numeric as duration_p95_ms
            from hourly_rollups
            where org_id = p_org_id and hour_at >= p_from and hour_at < p_to
                and (p_after_at is null or (hour_at, source) > (p_after_at, p_after_source))
            group by hour_at, source
            order by hour_at, source
            limit p_limit
        ) as page;
    elsif p_course_id is not null then
        select coalesce(jsonb_agg(to_jsonb(page) order by page.at), '[]') into entries
        from (
            select
                day::timestamptz as at, 'progress' as source, event_count, completed_count, time_spent_seconds,
                active_learner_count, null::numeric as duration_p50_ms, null::numeric as duration_p95_ms
            from daily_course_rollups
            where org_id = p_org_id and course_id = p_course_id and day >= p_from and day < p_to
                and (v_after_day is null or day > v_after_day)
            order by day
            limit p_limit
        ) as page;
    else
        with page as materialized (
            select * from daily_rollups
            where org_id = p_org_id and day >= p_from and day < p_to
                and (v_after_day is null or (day, source) > (v_after_day, p_after_source))
            order by day, source
            limit p_limit
        ),
        -- Reads histograms as duration_percentile_v1 does, but of all days at once: called with one bucket, that
        -- procedure returns the bucket's value.
        -- Counts as floating point numbers: exact up to 2^53, and summed several times faster than numeric ones.
        histogram as (
            select day, source, bucket, sum(duration_count::double precision) as duration_count
            from daily_durations
            where org_id = p_org_id and day >= (select min(day) from page) and day <= (select max(day) from page)
            group by day, source, bucket
        ),
        cumulative as (
            select
                day, source, bucket, sum(duration_count) over (partition by day, source order by bucket) as reached,
                sum(duration_count) over (partition by day, source) - 1 as last_rank
            from histogram
        ),
        duration as (
            select
                day, source, min(bucket) filter (where reached > floor(0.5 * last_rank)) as p50_bucket,
                min(bucket) filter (where reached > floor(0.95 * last_rank)) as p95_bucket
            from cumulative
            group by day, source
        )
        select coalesce(jsonb_agg(jsonb_build_object(
            'at', page.day::timestamptz,
            'source', page.source,
            'event_count', page.event_count,
            'completed_count', page.completed_count,
            'time_spent_seconds', page.time_spent_seconds,
            'active_learner_count', page.active_learner_count,
            'duration_p50_ms', round(duration_percentile_v1(array[p50_bucket], array[1], 0.5)::numeric, 3),
            'duration_p95_ms', round(duration_percentile_v1(array[p95_bucket], array[1], 0.5)::numeric, 3)
        ) order by page.day, page.source), '[]') into entries
        from page left join duration using (day, source);
    end if;
end
$$;

revoke all on function rollcall.report_activity_v1(
    uuid, text, date, date, text, timestamptz, text, integer
) from public;
grant execute on function rollcall.report_activity_v1(
    uuid, text, date, date, text, timestamptz, text, integer
) to rollcall_reader;
grant select on rollcall.hourly_rollups, rollcall.daily_durations to rollcall_reader;
grant execute on function rollcall.duration_percentile_v1(integer[], bigint[], double precision) to rollcall_reader;
