-- What happened in an organisation by day or by hour (p_grain), from p_from until before p_to, by source: a page in the
-- order of time and source, after (p_after_at, p_after_source). Of one course (p_course_id, by day alone) progress
-- events are counted, and no durations are known. as_of is null where nothing was counted yet.
-- Runs as its caller, whose row-level security applies.
create or replace function rollcall.report_activity_v1(
    p_org_id uuid, p_grain text, p_from date, p_to date, p_course_id text, p_after_at timestamptz, p_after_source text,
    p_limit integer, out as_of timestamptz, out entries jsonb
)
language plpgsql
set search_path = rollcall, pg_temp
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
        select coalesce(jsonb_agg(to_jsonb(page) order by page.at, page.source), '[]') into entries
        from (
            select
                rollup.day::timestamptz as at, rollup.source, rollup.event_count, rollup.completed_count,
                rollup.time_spent_seconds, rollup.active_learner_count,
                round(duration_percentile_v1(duration.buckets, duration.counts, 0.5)::numeric, 3) as duration_p50_ms,
                round(duration_percentile_v1(duration.buckets, duration.counts, 0.95)::numeric, 3) as duration_p95_ms
            from (
                select * from daily_rollups
                where org_id = p_org_id and day >= p_from and day < p_to
                    and (v_after_day is null or (day, source) > (v_after_day, p_after_source))
                order by day, source
                limit p_limit
            ) as rollup
            left join lateral (
                select array_agg(bucket) as buckets, array_agg(duration_count) as counts
                from daily_durations
                where org_id = p_org_id and daily_durations.source = rollup.source
                    and daily_durations.day = rollup.day
            ) as duration on true
        ) as page;
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
