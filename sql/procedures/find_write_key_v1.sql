-- Returns the id of an organisation's write key with this digest; null when there is none, or it was revoked.
-- Notes the day of its use: once a day, so that a busy key is not written at each look-up.
create or replace function rollcall.find_write_key_v1(p_org_id uuid, p_secret_digest bytea) returns uuid
language plpgsql
security definer
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
declare
    v_write_key_id uuid;
    v_last_used_on date;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    select write_key_id, last_used_on into v_write_key_id, v_last_used_on
    from write_keys
    where org_id = p_org_id and secret_digest = p_secret_digest and revoked_at is null;
    if found and v_last_used_on is distinct from current_date then
        update write_keys set last_used_on = current_date
        where org_id = p_org_id and write_key_id = v_write_key_id and last_used_on is distinct from current_date;
    end if;
    return v_write_key_id;
end
$$;

revoke all on function rollcall.find_write_key_v1(uuid, bytea) from public;
grant execute on function rollcall.find_write_key_v1(uuid, bytea) to rollcall_app;
