-- Counts a failed run for the next digest.
create or replace function rollcall.count_job_failure_v1(p_job text, p_error_code text) returns void
language sql
set search_path = rollcall, pg_temp
as $$
insert into job_failure_counts as counts (failed_hour, job, error_code, failed_count)
values (date_trunc('hour', now(), 'UTC'), p_job, p_error_code, 1)
on conflict (failed_hour, job, error_code) do update set failed_count = counts.failed_count + 1;
$$;

revoke all on function rollcall.count_job_failure_v1(text, text) from public;
