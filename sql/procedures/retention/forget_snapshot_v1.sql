-- Forgets a dropped day's snapshot, once its objects are gone.
create or replace function rollcall.forget_snapshot_v1(p_table text, p_day date, p_sequence integer) returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform enter_all_organisations_v1();
    delete from snapshots where table_name = p_table and day = p_day and sequence = p_sequence;
    delete from snapshot_days
    where table_name = p_table and day = p_day and sequence = p_sequence and state = 'dropped';
    return found;
end
$$;

revoke all on function rollcall.forget_snapshot_v1(text, date, integer) from public;
grant execute on function rollcall.forget_snapshot_v1(text, date, integer) to rollcall_ops;
