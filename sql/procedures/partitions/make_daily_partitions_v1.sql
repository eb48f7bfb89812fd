-- Makes the daily partitions of one table of events; only make_partitions_v1 calls it.
-- Why attach: creating a partition in place would lock out every writer meanwhile.
create or replace function rollcall.make_daily_partitions_v1(p_table text, p_from date, p_until date) returns integer
language plpgsql
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
declare
    v_default text := p_table || '_default';
    v_day date;
    v_name text;
    v_is_empty boolean;
    v_made integer := 0;
begin
    for v_day in select generate_series(p_from, p_until, interval '1 day')::date loop
        v_name := p_table || '_' || to_char(v_day, 'YYYYMMDD');
        continue when to_regclass('rollcall.' || v_name) is not null;
        if v_made = 0 then
            -- Until the commit only this transaction reaches the default partition, and it sees every organisation.
            execute format('alter table rollcall.%I no force row level security', v_default);
        end if;
        execute format('create table rollcall.%I (like rollcall.%I including all)', v_name, p_table);
        execute format(
            'with moved as (delete from rollcall.%I where occurred_at >= %L and occurred_at < %L returning *)'
            ' insert into rollcall.%I select * from moved',
            v_default, v_day::timestamptz, (v_day + 1)::timestamptz, v_name
        );
        call rollcall.secure_organisation_rows(format('rollcall.%I', v_name)::regclass);
        execute format(
            'alter table rollcall.%I attach partition rollcall.%I for values from (%L) to (%L)',
            p_table, v_name, v_day::timestamptz, (v_day + 1)::timestamptz
        );
        v_made := v_made + 1;
    end loop;
    if v_made > 0 then
        execute format('select not exists (select from rollcall.%I)', v_default) into v_is_empty;
        if v_is_empty then
            -- The watchdog measures the partition's size: give back the space of the moved rows.
            execute format('truncate rollcall.%I', v_default);
        end if;
        execute format('alter table rollcall.%I force row level security', v_default);
    end if;
    return v_made;
end
$$;

revoke all on function rollcall.make_daily_partitions_v1(text, date, date) from public;
