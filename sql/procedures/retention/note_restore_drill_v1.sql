-- Keeps the result of a restore drill.
create or replace function rollcall.note_restore_drill_v1(
    p_org_id uuid,
    p_drill_id uuid,
    p_table text,
    p_day date,
    p_sequence integer,
    p_row_count bigint,
    p_duration_ms integer,
    p_failure_code text
)
returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    insert into restore_drills (
        org_id, drill_id, table_name, day, sequence, row_count, duration_ms, failure_code
    )
    values (p_org_id, p_drill_id, p_table, p_day, p_sequence, p_row_count, p_duration_ms, p_failure_code)
    on conflict do nothing;
    return found;
end
$$;

revoke all on function rollcall.note_restore_drill_v1(
    uuid, uuid, text, date, integer, bigint, integer, text
) from public;
grant execute on function rollcall.note_restore_drill_v1(
    uuid, uuid, text, date, integer, bigint, integer, text
) to rollcall_ops;
