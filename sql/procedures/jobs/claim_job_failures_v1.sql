-- Claims failed runs of jobs as claim_digest_v1 claims dead letters: a JSON array of {job, error_code, failed_count,
-- since}.
create or replace function rollcall.claim_job_failures_v1(
    p_lease interval, out claimed_at timestamptz, out counts jsonb
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
begin
    claimed_at := v_now;
    with claimed as (
        update job_failure_counts as given set claimed_count = given.failed_count, claimed_at = v_now
        where given.told_count < given.failed_count
            and (given.claimed_at is null or given.claimed_at <= v_now - p_lease)
        returning given.job, given.error_code, given.failed_count - given.told_count as untold, given.failed_hour
    ),
    grouped as (
        select claimed.job, claimed.error_code, sum(claimed.untold) as failed_count, min(claimed.failed_hour) as since
        from claimed group by claimed.job, claimed.error_code
    )
    select coalesce(jsonb_agg(to_jsonb(grouped) order by grouped.job, grouped.error_code), '[]') into counts
    from grouped;
end
$$;

revoke all on function rollcall.claim_job_failures_v1(interval) from public;
grant execute on function rollcall.claim_job_failures_v1(interval) to rollcall_ops;
