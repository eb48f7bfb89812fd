-- Gives a day's snapshot back. With p_failure_code it is stopped: the day stays, and the next run writes it anew.
-- Returns whether the lease was still held.
create or replace function rollcall.release_snapshot_v1(
    p_table text, p_day date, p_sequence integer, p_lease_id uuid, p_failure_code text
)
returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    update snapshot_days set
        lease_id = null,
        leased_until = null,
        state = case when p_failure_code is null then state else 'writing' end,
        manifest_digest = case when p_failure_code is null then manifest_digest end,
        failure_code = coalesce(p_failure_code, failure_code)
    where table_name = p_table and day = p_day and sequence = p_sequence and lease_id = p_lease_id
        and (p_failure_code is null or state <> 'dropped');
    return found;
end
$$;

revoke all on function rollcall.release_snapshot_v1(text, date, integer, uuid, text) from public;
grant execute on function rollcall.release_snapshot_v1(text, date, integer, uuid, text) to rollcall_ops;
