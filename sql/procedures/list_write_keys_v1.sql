-- Returns an organisation's write keys, oldest first, as JSON of contracts.write_key.WriteKey; no digests.
create or replace function rollcall.list_write_keys_v1(p_org_id uuid) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select
            coalesce(
                jsonb_agg(
                    to_jsonb(kept) - 'org_id' - 'secret_digest' order by kept.created_at, kept.write_key_id
                ),
                '[]'
            )
        from write_keys as kept
        where kept.org_id = p_org_id
    );
end
$$;

revoke all on function rollcall.list_write_keys_v1(uuid) from public;
grant execute on function rollcall.list_write_keys_v1(uuid) to rollcall_ops;
