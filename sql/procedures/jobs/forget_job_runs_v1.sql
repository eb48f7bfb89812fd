-- Removes runs that ended long ago, and returns how many: a job of every minute makes half a million a year. The latest
-- hundred runs of a job stay, however old, and so do their keys.
create or replace function rollcall.forget_job_runs_v1(p_age interval) returns integer
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_forgotten integer;
begin
    delete from job_runs
    where status <> 'running'
        and started_at < now() - p_age
        and run_id not in (
            select latest.run_id
            from (select distinct job from job_runs) as jobs
            cross join lateral (
                select run_id from job_runs where job_runs.job = jobs.job order by started_at desc limit 100
            ) as latest
        );
    get diagnostics v_forgotten = row_count;
    return v_forgotten;
end
$$;

revoke all on function rollcall.forget_job_runs_v1(interval) from public;
grant execute on function rollcall.forget_job_runs_v1(interval) to rollcall_ops;
