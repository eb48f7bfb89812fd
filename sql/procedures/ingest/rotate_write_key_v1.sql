-- Makes the key that replaces another, which ends p_overlap_seconds from now. Returns both as JSON of
-- contracts.ingest.write_key.WriteKey. `made` is null where nothing was done: the organisation has no such key
-- (`replaced` is null too), or it was revoked or replaced before.
create or replace function rollcall.rotate_write_key_v1(
    p_org_id uuid,
    p_write_key_id uuid,
    p_new_write_key_id uuid,
    p_secret_digest bytea,
    p_created_by text,
    p_overlap_seconds integer,
    out made jsonb,
    out replaced jsonb
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_old write_keys;
    v_new write_keys;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    select * into v_old
    from write_keys
    where org_id = p_org_id and write_key_id = p_write_key_id
    for update;
    if not found then
        return;
    end if;
    if v_old.revoked_at is null and v_old.expires_at is null then
        update write_keys set expires_at = now() + make_interval(secs => p_overlap_seconds)
        where org_id = p_org_id and write_key_id = p_write_key_id
        returning * into v_old;
        insert into write_keys (org_id, write_key_id, secret_digest, label, created_by, replaces_id)
        values (p_org_id, p_new_write_key_id, p_secret_digest, v_old.label, p_created_by, p_write_key_id)
        returning * into v_new;
        made := describe_write_key_v1(v_new);
    end if;
    replaced := describe_write_key_v1(v_old);
end
$$;

revoke all on function rollcall.rotate_write_key_v1(uuid, uuid, uuid, bytea, text, integer) from public;
grant execute on function rollcall.rotate_write_key_v1(uuid, uuid, uuid, bytea, text, integer) to rollcall_ops;
