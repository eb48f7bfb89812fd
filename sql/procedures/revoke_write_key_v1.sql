-- Ends a write key for good, and tells whether the organisation has it. Revoked twice, it keeps its first moment.
create or replace function rollcall.revoke_write_key_v1(p_org_id uuid, p_write_key_id uuid) returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    update write_keys set revoked_at = coalesce(revoked_at, now())
    where org_id = p_org_id and write_key_id = p_write_key_id;
    return found;
end
$$;

revoke all on function rollcall.revoke_write_key_v1(uuid, uuid) from public;
grant execute on function rollcall.revoke_write_key_v1(uuid, uuid) to rollcall_ops;
