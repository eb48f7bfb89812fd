-- Leaves of erased events their ids alone: a repetition is known, never stored and never counted again. The digest, by
-- which their content could be tested, is overwritten, and of the time only the day stays. Returns how many were.
create or replace function rollcall.entomb_events_v1(p_org_id uuid, p_event_ids uuid[]) returns integer
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_entombed integer;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    update event_identities set
        content_digest = tombstone_v1(),
        occurred_at = date_trunc('day', occurred_at, 'UTC')
    where org_id = p_org_id and event_id = any (p_event_ids);
    get diagnostics v_entombed = row_count;
    return v_entombed;
end
$$;

revoke all on function rollcall.entomb_events_v1(uuid, uuid[]) from public;
grant execute on function rollcall.entomb_events_v1(uuid, uuid[]) to rollcall_ops;
