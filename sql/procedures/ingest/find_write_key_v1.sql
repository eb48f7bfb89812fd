-- The id of an organisation's write key with this digest; null when there is none, or it ended.
-- Notes the time of use once an hour, and skips a row that another call locks, so that a busy key is no hot row.
create or replace function rollcall.find_write_key_v1(p_org_id uuid, p_secret_digest bytea) returns uuid
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_write_key_id uuid;
    v_last_used_at timestamptz;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    select write_key_id, last_used_at into v_write_key_id, v_last_used_at
    from write_keys
    where
        org_id = p_org_id
        and secret_digest = p_secret_digest
        and revoked_at is null
        and (expires_at is null or expires_at > now());
    if found and coalesce(v_last_used_at <= now() - interval '1 hour', true) then
        update write_keys set last_used_at = now()
        where (org_id, write_key_id) in (
            select stale.org_id, stale.write_key_id
            from write_keys as stale
            where
                stale.org_id = p_org_id
                and stale.write_key_id = v_write_key_id
                and coalesce(stale.last_used_at <= now() - interval '1 hour', true)
            for update skip locked
        );
    end if;
    return v_write_key_id;
end
$$;

revoke all on function rollcall.find_write_key_v1(uuid, bytea) from public;
grant execute on function rollcall.find_write_key_v1(uuid, bytea) to rollcall_app;
