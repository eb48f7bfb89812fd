-- Gives up runs that take more than p_times their expected duration: they failed as run_overdue, and their keys may run
-- again. Returns them as a JSON array of {job, run_id, started_at}, longest first.
create or replace function rollcall.release_overdue_runs_v1(p_times double precision) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_run job_runs;
    v_released jsonb := '[]';
begin
    for v_run in
        select * from job_runs
        where status = 'running' and clock_timestamp() - started_at > make_interval(secs => p_times * expected_seconds)
        order by started_at, run_id
        -- A run that ends at this moment is not overdue.
        for update skip locked
    loop
        update job_runs set status = 'failed', ended_at = clock_timestamp(), error_code = 'run_overdue'
        where run_id = v_run.run_id;
        perform count_job_failure_v1(v_run.job, 'run_overdue');
        v_released := v_released
            || jsonb_build_object('job', v_run.job, 'run_id', v_run.run_id, 'started_at', v_run.started_at);
    end loop;
    return v_released;
end
$$;

revoke all on function rollcall.release_overdue_runs_v1(double precision) from public;
grant execute on function rollcall.release_overdue_runs_v1(double precision) to rollcall_ops;
