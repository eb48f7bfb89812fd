-- Ends a run: as failed with an error code, as successful without one. Returns its duration in milliseconds. Null when
-- the run does not belong to the caller any more: the watchdog gave it up, or it was begun again since.
create or replace function rollcall.end_job_v1(p_run_id uuid, p_retries integer, p_items bigint, p_error_code text)
returns double precision
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_run job_runs;
begin
    update job_runs set
        status = case when p_error_code is null then 'succeeded' else 'failed' end::job_status,
        ended_at = clock_timestamp(),
        items = p_items,
        error_code = p_error_code
    where run_id = p_run_id and status = 'running' and retries = p_retries
    returning * into v_run;
    if v_run.status = 'failed' then
        perform count_job_failure_v1(v_run.job, v_run.error_code);
    end if;
    return 1000 * extract(epoch from v_run.ended_at - v_run.started_at);
end
$$;

revoke all on function rollcall.end_job_v1(uuid, integer, bigint, text) from public;
grant execute on function rollcall.end_job_v1(uuid, integer, bigint, text) to rollcall_ops;
