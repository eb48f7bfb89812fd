-- Confirms the failed runs that were claimed at p_claimed_at: their digest was published.
create or replace function rollcall.confirm_job_failures_v1(p_claimed_at timestamptz) returns void
language sql
security definer
set search_path = rollcall, pg_temp
as $$
update job_failure_counts set told_count = claimed_count, claimed_at = null
where job_failure_counts.claimed_at = p_claimed_at;
$$;

revoke all on function rollcall.confirm_job_failures_v1(timestamptz) from public;
grant execute on function rollcall.confirm_job_failures_v1(timestamptz) to rollcall_ops;
