-- Begins a run of a job, and returns it with its number of retries; a null run_id means that this key is running or has
-- run. A failed run begins again under its own id. Keys beyond the latest hundred of a job are forgotten.
create or replace function rollcall.start_job_v1(
    p_run_id uuid, p_job text, p_idempotency_key text, p_expected_seconds integer, out run_id uuid, out retries integer
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    insert into job_runs as known (run_id, job, idempotency_key, started_at, expected_seconds)
    values (p_run_id, p_job, p_idempotency_key, clock_timestamp(), p_expected_seconds)
    on conflict (job, idempotency_key) do update set
        status = 'running',
        started_at = clock_timestamp(),
        ended_at = null,
        expected_seconds = excluded.expected_seconds,
        retries = known.retries + 1,
        error_code = null
    where known.status = 'failed'
    returning known.run_id, known.retries into start_job_v1.run_id, start_job_v1.retries;

    update job_runs set idempotency_key = null
    where job = p_job and idempotency_key is not null and status <> 'running'
        and started_at < (
            select latest.started_at from job_runs as latest
            where latest.job = p_job and latest.idempotency_key is not null
            order by latest.started_at desc
            offset 99
            limit 1
        );
end
$$;

revoke all on function rollcall.start_job_v1(uuid, text, text, integer) from public;
grant execute on function rollcall.start_job_v1(uuid, text, text, integer) to rollcall_ops;
