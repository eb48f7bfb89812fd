-- Keeps a new write key of an organisation: the digest of its secret, never the secret. Returns the key as JSON of
-- contracts.ingest.write_key.WriteKey; returns null, and keeps nothing, where the organisation has p_keys_max valid
-- keys.
create or replace function rollcall.create_write_key_v2(
    p_org_id uuid, p_write_key_id uuid, p_secret_digest bytea, p_label text, p_created_by text, p_keys_max integer
)
returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_made write_keys;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    insert into write_keys (org_id, write_key_id, secret_digest, label, created_by)
    select p_org_id, p_write_key_id, p_secret_digest, p_label, p_created_by
    where (
        select count(*)
        from write_keys as good
        where
            good.org_id = p_org_id
            and good.revoked_at is null
            and (good.expires_at is null or good.expires_at > now())
    ) < p_keys_max
    returning * into v_made;
    if not found then
        return null;
    end if;
    return describe_write_key_v1(v_made);
end
$$;

revoke all on function rollcall.create_write_key_v2(uuid, uuid, bytea, text, text, integer) from public;
grant execute on function rollcall.create_write_key_v2(uuid, uuid, bytea, text, text, integer) to rollcall_ops;
