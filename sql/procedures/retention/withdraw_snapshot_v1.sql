-- Forgets the files of one organisation in a snapshot that is not dropped yet: live rows were erased or purged, and the
-- files still hold them. The day is as it was before these files, and retention writes them anew. Returns whether the
-- lease was held, and the day is not dropped.
create or replace function rollcall.withdraw_snapshot_v1(
    p_org_id uuid, p_table text, p_day date, p_sequence integer, p_lease_id uuid
)
returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    if coalesce((hold_snapshot_day_v1(p_table, p_day, p_sequence, p_lease_id)).state, 'dropped') = 'dropped' then
        return false;
    end if;
    delete from snapshots
    where org_id = p_org_id and table_name = p_table and day = p_day and sequence = p_sequence;
    update snapshot_days set state = 'writing', manifest_digest = null
    where table_name = p_table and day = p_day and sequence = p_sequence;
    return true;
end
$$;

revoke all on function rollcall.withdraw_snapshot_v1(uuid, text, date, integer, uuid) from public;
grant execute on function rollcall.withdraw_snapshot_v1(uuid, text, date, integer, uuid) to rollcall_ops;
