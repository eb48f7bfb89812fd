-- Claims the dead letters that no digest has reported yet, as a JSON array of {queue, cause, failed_count, since};
-- empty when nothing is new.
-- The claim is a lease: without a confirmation within p_lease, the next digest reports the same dead letters again, so
-- that none goes unreported. claimed_at names the claim for confirm_digest_v1.
create or replace function rollcall.claim_digest_v1(p_lease interval, out claimed_at timestamptz, out counts jsonb)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
begin
    claimed_at := v_now;
    with claimed as (
        update dead_letter_counts as given set claimed_count = given.failed_count, claimed_at = v_now
        where given.told_count < given.failed_count
            and (given.claimed_at is null or given.claimed_at <= v_now - p_lease)
        returning given.queue, given.cause, given.failed_count - given.told_count as untold, given.failed_hour
    ),
    grouped as (
        select claimed.queue, claimed.cause, sum(claimed.untold) as failed_count, min(claimed.failed_hour) as since
        from claimed group by claimed.queue, claimed.cause
    )
    select coalesce(jsonb_agg(to_jsonb(grouped) order by grouped.queue, grouped.cause), '[]') into counts from grouped;
end
$$;

revoke all on function rollcall.claim_digest_v1(interval) from public;
grant execute on function rollcall.claim_digest_v1(interval) to rollcall_ops;
