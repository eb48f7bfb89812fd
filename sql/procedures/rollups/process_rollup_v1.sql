-- The work of processes from one day to another (both included): a JSON object of
--   processes: one object a process, in the order of names: {process, started, steps_completed, retries, completed,
--     failed, success_percent (of the ended runs; null without any), retry_rate (retries for each start; null without
--     any), duration_p50_ms, duration_p95_ms (null without durations), costs: {currency: amount}}
--   days: one object a day and process with its counts, in order, without empty days: {day, process, started,
--     steps_completed, retries, completed, failed}
create or replace function rollcall.process_rollup_v1(p_org_id uuid, p_from date, p_until date) returns jsonb
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
    return jsonb_build_object(
        'processes', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'process', process,
                'started', started,
                'steps_completed', steps_completed,
                'retries', retries,
                'completed', completed,
                'failed', failed,
                'success_percent', round(100 * completed / nullif(completed + failed, 0), 2),
                'retry_rate', round(retries / nullif(started, 0), 4),
                'duration_p50_ms', round(duration_percentile_v1(buckets, counts, 0.5)::numeric, 3),
                'duration_p95_ms', round(duration_percentile_v1(buckets, counts, 0.95)::numeric, 3),
                'costs', coalesce(costs, '{}')
            ) order by process), '[]')
            from (
                select
                    process, sum(started_count) as started, sum(step_completed_count) as steps_completed,
                    sum(retry_count) as retries, sum(completed_count) as completed, sum(failed_count) as failed
                from daily_process_rollups
                where org_id = p_org_id and day between p_from and p_until
                group by process
            ) as counted
            left join (
                select process, array_agg(bucket) as buckets, array_agg(duration_count) as counts
                from daily_process_durations
                where org_id = p_org_id and day between p_from and p_until
                group by process
            ) as measured using (process)
            left join (
                select process, jsonb_object_agg(cost_currency, cost_amount) as costs
                from (
                    select process, cost_currency, sum(cost_amount) as cost_amount
                    from daily_process_costs
                    where org_id = p_org_id and day between p_from and p_until
                    group by process, cost_currency
                ) as by_currency
                group by process
            ) as paid using (process)
        ),
        'days', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'day', day,
                'process', process,
                'started', started_count,
                'steps_completed', step_completed_count,
                'retries', retry_count,
                'completed', completed_count,
                'failed', failed_count
            ) order by day, process), '[]')
            from daily_process_rollups
            where org_id = p_org_id and day between p_from and p_until
        )
    );
end
$$;

revoke all on function rollcall.process_rollup_v1(uuid, date, date) from public;
grant execute on function rollcall.process_rollup_v1(uuid, date, date) to rollcall_ops;
