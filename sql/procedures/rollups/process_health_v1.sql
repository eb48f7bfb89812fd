-- The health of an organisation's processes over the last 7 days (UTC, today included): a JSON object of
--   status: no_data (nothing started or ended), healthy, degraded (more than 5 % of the ended runs had failed, or there
--     is more than one retry for five starts), failing (more than 10 % had failed)
--   reasons: failure_rate and retry_rate, where they are beyond the lower of these bounds
--   from, until: the days; success_percent, retry_rate, duration_p95_ms: as in process_rollup_v1, of all processes
--   started, completed, failed, retries; unfinished: runs that began more than an hour ago without an end yet
create or replace function rollcall.process_health_v1(p_org_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = rollcall, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_until date := (now() at time zone 'UTC')::date;
    v_from date := (now() at time zone 'UTC')::date - 6;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select jsonb_build_object(
            'status',
            case
                when started + completed + failed = 0 then 'no_data'
                when failed > 0.10 * (completed + failed) then 'failing'
                when failed > 0.05 * (completed + failed) or retries > 0.2 * started then 'degraded'
                else 'healthy'
            end,
            'reasons', array_remove(array[
                case when failed > 0.05 * (completed + failed) then 'failure_rate' end,
                case when retries > 0.2 * started then 'retry_rate' end
            ], null),
            'from', v_from,
            'until', v_until,
            'started', started,
            'completed', completed,
            'failed', failed,
            'retries', retries,
            'success_percent', round(100 * completed / nullif(completed + failed, 0), 2),
            'retry_rate', round(retries / nullif(started, 0), 4),
            'duration_p95_ms', (
                select round(
                    duration_percentile_v1(array_agg(bucket), array_agg(duration_count), 0.95)::numeric, 3
                )
                from daily_process_durations
                where org_id = p_org_id and day between v_from and v_until
            ),
            'unfinished', (
                select count(*)
                from (
                    select from process_runs
                    where org_id = p_org_id and day between v_from and v_until
                    group by request_id
                    having min(started_at) < now() - interval '1 hour' and sum(completed_count + failed_count) = 0
                ) as run
            )
        )
        from (
            select
                coalesce(sum(started_count), 0) as started, coalesce(sum(completed_count), 0) as completed,
                coalesce(sum(failed_count), 0) as failed, coalesce(sum(retry_count), 0) as retries
            from daily_process_rollups
            where org_id = p_org_id and day between v_from and v_until
        ) as week
    );
end
$$;

revoke all on function rollcall.process_health_v1(uuid) from public;
grant execute on function rollcall.process_health_v1(uuid) to rollcall_ops;
