-- How long things took, by name, from one day to another (both included), by one source: a JSON array of {name, count,
-- p50_ms, p95_ms}, each percentile within 1 % of the exact one.
create or replace function rollcall.duration_percentiles_v1(p_org_id uuid, p_source text, p_from date, p_until date)
returns jsonb
language plpgsql
stable
security definer
set search_path = rollcall, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select coalesce(jsonb_agg(jsonb_build_object(
            'name', name,
            'count', total,
            'p50_ms', round(duration_percentile_v1(buckets, counts, 0.5)::numeric, 3),
            'p95_ms', round(duration_percentile_v1(buckets, counts, 0.95)::numeric, 3)
        ) order by name), '[]')
        from (
            select
                name, sum(duration_count) as total, array_agg(bucket) as buckets, array_agg(duration_count) as counts
            from daily_durations
            where org_id = p_org_id and source = p_source and day between p_from and p_until
            group by name
        ) as merged
    );
end
$$;

revoke all on function rollcall.duration_percentiles_v1(uuid, text, date, date) from public;
grant execute on function rollcall.duration_percentiles_v1(uuid, text, date, date) to rollcall_ops;
