-- Notes that a file was read back as it was written; or, without one (p_org_id null), that the manifest was, and so all
-- files were. Returns whether the lease was held and, for the manifest, whether every file was verified.
create or replace function rollcall.note_verified_v1(
    p_table text, p_day date, p_sequence integer, p_lease_id uuid, p_org_id uuid, p_part integer
)
returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_day snapshot_days := hold_snapshot_day_v1(p_table, p_day, p_sequence, p_lease_id);
begin
    if v_day.sequence is null then
        return false;
    end if;
    if p_org_id is not null then
        update snapshots set verified_at = clock_timestamp()
        where org_id = p_org_id and table_name = p_table and day = p_day and sequence = p_sequence and part = p_part;
        return found;
    end if;
    update snapshot_days set state = 'verified'
    where table_name = p_table and day = p_day and sequence = p_sequence and state = 'sealed'
        and not exists (
            select from snapshots
            where snapshots.table_name = p_table and snapshots.day = p_day and snapshots.sequence = p_sequence
                and verified_at is null
        );
    return found;
end
$$;

revoke all on function rollcall.note_verified_v1(text, date, integer, uuid, uuid, integer) from public;
grant execute on function rollcall.note_verified_v1(text, date, integer, uuid, uuid, integer) to rollcall_ops;
