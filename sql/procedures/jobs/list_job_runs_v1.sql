-- The latest runs of a job, newest first, as a JSON array.
create or replace function rollcall.list_job_runs_v1(p_job text, p_limit integer) returns jsonb
language sql stable
security definer
set search_path = rollcall, pg_temp
as $$
select coalesce(jsonb_agg(to_jsonb(latest) order by latest.started_at desc), '[]')
from (
    select run_id, idempotency_key, status, started_at, ended_at, items, retries, error_code
    from job_runs
    where job = p_job
    order by started_at desc
    limit p_limit
) as latest;
$$;

revoke all on function rollcall.list_job_runs_v1(text, integer) from public;
grant execute on function rollcall.list_job_runs_v1(text, integer) to rollcall_ops;
