-- Confirms the dead letters that were claimed at p_claimed_at: their digest was published.
create or replace function rollcall.confirm_digest_v1(p_claimed_at timestamptz) returns void
language sql
security definer
set search_path = rollcall, pg_temp
as $$
update dead_letter_counts set told_count = claimed_count, claimed_at = null
where dead_letter_counts.claimed_at = p_claimed_at;
$$;

revoke all on function rollcall.confirm_digest_v1(timestamptz) from public;
grant execute on function rollcall.confirm_digest_v1(timestamptz) to rollcall_ops;
