-- An organisation's write keys, oldest first, as JSON of contracts.ingest.write_key.WriteKey: the latest p_limit.
create or replace function rollcall.list_write_keys_v2(p_org_id uuid, p_limit integer) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select coalesce(jsonb_agg(described.shown order by described.created_at, described.write_key_id), '[]')
        from (
            select
                kept.created_at,
                kept.write_key_id,
                describe_write_key_v1(kept) as shown
            from write_keys as kept
            where kept.org_id = p_org_id
            order by kept.created_at desc, kept.write_key_id desc
            limit p_limit
        ) as described
    );
end
$$;

revoke all on function rollcall.list_write_keys_v2(uuid, integer) from public;
grant execute on function rollcall.list_write_keys_v2(uuid, integer) to rollcall_ops;
