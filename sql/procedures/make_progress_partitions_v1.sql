-- Makes the daily partitions of progress_events from p_from to p_until (both included); those that exist stay.
-- Rows of a missing day that fell into the default partition move to their own. Returns how many it made.
-- Why attach: creating a partition in place would lock out every writer meanwhile.
create or replace function rollcall.make_progress_partitions_v1(p_from date, p_until date) returns integer
language plpgsql
security definer
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
declare
    v_day date;
    v_name text;
    v_made integer := 0;
begin
    -- One maker at a time: two schedules may fire together.
    perform pg_advisory_xact_lock(hashtextextended('rollcall.make_progress_partitions', 0));
    for v_day in select generate_series(p_from, p_until, interval '1 day')::date loop
        v_name := 'progress_events_' || to_char(v_day, 'YYYYMMDD');
        continue when to_regclass('rollcall.' || v_name) is not null;
        if v_made = 0 then
            -- Until the commit nobody else reaches the default partition, and we see the rows of every organisation.
            alter table rollcall.progress_events_default no force row level security;
        end if;
        execute format('create table rollcall.%I (like rollcall.progress_events including all)', v_name);
        execute format(
            'with moved as (delete from rollcall.progress_events_default where occurred_at >= %L and occurred_at < %L'
            ' returning *) insert into rollcall.%I select * from moved',
            v_day::timestamptz, (v_day + 1)::timestamptz, v_name
        );
        call rollcall.secure_organisation_rows(format('rollcall.%I', v_name)::regclass);
        execute format(
            'alter table rollcall.progress_events attach partition rollcall.%I for values from (%L) to (%L)',
            v_name, v_day::timestamptz, (v_day + 1)::timestamptz
        );
        v_made := v_made + 1;
    end loop;
    if v_made > 0 then
        if not exists (select from rollcall.progress_events_default) then
            -- Its size is what is watched: give back what moved rows have left.
            truncate rollcall.progress_events_default;
        end if;
        alter table rollcall.progress_events_default force row level security;
    end if;
    return v_made;
end
$$;

revoke all on function rollcall.make_progress_partitions_v1(date, date) from public;
grant execute on function rollcall.make_progress_partitions_v1(date, date) to rollcall_ops;
