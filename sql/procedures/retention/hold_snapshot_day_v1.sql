-- Locks a day's snapshot for a step of work by the holder of its lease, and lets the transaction see every
-- organisation. Returns null when the lease ended or belongs to another worker: then the caller does nothing.
create or replace function rollcall.hold_snapshot_day_v1(
    p_table text, p_day date, p_sequence integer, p_lease_id uuid
)
returns rollcall.snapshot_days
language plpgsql
set search_path = rollcall, pg_temp
as $$
declare
    v_held snapshot_days;
begin
    perform enter_all_organisations_v1();
    select * into v_held from snapshot_days
    where table_name = p_table and day = p_day and sequence = p_sequence and lease_id = p_lease_id
    for update;
    return v_held;
end
$$;

revoke all on function rollcall.hold_snapshot_day_v1(text, date, integer, uuid) from public;
