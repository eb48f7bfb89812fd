-- Makes room for rows of a day that come back from a snapshot: its partition, and the mark that keeps retention away
-- from it until p_kept_until. With p_scratch_id it makes a table of rollcall_scratch, which lives until then and serves
-- nothing else.
create or replace function rollcall.open_restore_v1(
    p_org_id uuid, p_table text, p_day date, p_scratch_id uuid, p_kept_until timestamptz
)
returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_name text := scratch_name_v1(p_table, p_scratch_id);
begin
    if p_table not in ('progress_events', 'analytics_events') then
        raise exception 'not a table of events: %', p_table;
    end if;
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    -- As in make_partitions_v1: one call at a time.
    perform pg_advisory_xact_lock(hashtextextended('rollcall.make_partitions', 0));
    if p_scratch_id is null then
        insert into kept_days as kept (table_name, day, kept_until) values (p_table, p_day, p_kept_until)
        on conflict (table_name, day) do update set kept_until = greatest(kept.kept_until, excluded.kept_until);
        perform make_daily_partitions_v1(p_table, p_day, p_day);
    elsif to_regclass('rollcall_scratch.' || v_name) is null then
        insert into scratch_tables (org_id, scratch_id, table_name, kept_until)
        values (p_org_id, p_scratch_id, p_table, p_kept_until);
        execute format('create table rollcall_scratch.%I (like rollcall.%I including all)', v_name, p_table);
        execute format('alter table rollcall_scratch.%I add column content_digest bytea', v_name);
        call rollcall.secure_organisation_rows(format('rollcall_scratch.%I', v_name)::regclass);
    end if;
    return true;
end
$$;

revoke all on function rollcall.open_restore_v1(uuid, text, date, uuid, timestamptz) from public;
grant execute on function rollcall.open_restore_v1(uuid, text, date, uuid, timestamptz) to rollcall_ops;
