-- A day's snapshot with the files of all organisations, or null when there is none: for writing and verifying
-- manifests.
create or replace function rollcall.read_snapshot_day_v1(p_table text, p_day date, p_sequence integer) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform enter_all_organisations_v1();
    return (
        select describe_snapshot_day_v1(snapshot_days) from snapshot_days
        where table_name = p_table and day = p_day and sequence = p_sequence
    );
end
$$;

revoke all on function rollcall.read_snapshot_day_v1(text, date, integer) from public;
grant execute on function rollcall.read_snapshot_day_v1(text, date, integer) to rollcall_ops;
