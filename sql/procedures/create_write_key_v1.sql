-- Keeps a new write key of an organisation: the digest of its secret, never the secret.
create or replace function rollcall.create_write_key_v1(
    p_org_id uuid, p_write_key_id uuid, p_secret_digest bytea, p_label text, p_created_by text
)
returns void
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    insert into write_keys (org_id, write_key_id, secret_digest, label, created_by)
    values (p_org_id, p_write_key_id, p_secret_digest, p_label, p_created_by);
end
$$;

revoke all on function rollcall.create_write_key_v1(uuid, uuid, bytea, text, text) from public;
grant execute on function rollcall.create_write_key_v1(uuid, uuid, bytea, text, text) to rollcall_ops;
