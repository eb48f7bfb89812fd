-- Notes the manifest of a day's files as they are now. Returns whether the lease was held.
create or replace function rollcall.seal_snapshot_v1(
    p_table text, p_day date, p_sequence integer, p_lease_id uuid, p_manifest_digest text
)
returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    update snapshot_days set
        manifest_digest = decode(p_manifest_digest, 'hex'),
        state = case state when 'writing' then 'sealed' else state end
    where table_name = p_table and day = p_day and sequence = p_sequence and lease_id = p_lease_id;
    return found;
end
$$;

revoke all on function rollcall.seal_snapshot_v1(text, date, integer, uuid, text) from public;
grant execute on function rollcall.seal_snapshot_v1(text, date, integer, uuid, text) to rollcall_ops;
