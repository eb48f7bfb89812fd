-- Ends a write key for good, and returns it as JSON of contracts.ingest.write_key.WriteKey; null where the organisation
-- has no such key. A key that is revoked again keeps its first moment and author.
create or replace function rollcall.revoke_write_key_v2(p_org_id uuid, p_write_key_id uuid, p_revoked_by text)
returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_key write_keys;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    update write_keys
    set
        revoked_by = case when revoked_at is null then p_revoked_by else revoked_by end,
        revoked_at = coalesce(revoked_at, now())
    where org_id = p_org_id and write_key_id = p_write_key_id
    returning * into v_key;
    if not found then
        return null;
    end if;
    return describe_write_key_v1(v_key);
end
$$;

revoke all on function rollcall.revoke_write_key_v2(uuid, uuid, text) from public;
grant execute on function rollcall.revoke_write_key_v2(uuid, uuid, text) to rollcall_ops;
