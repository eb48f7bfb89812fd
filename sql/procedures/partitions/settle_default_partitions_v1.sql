-- Gives the rows that fell into the default partitions a partition of their day, at most p_days_max days a table,
-- oldest first; returns how many partitions it made. What comes after its day was dropped becomes a day that retention
-- drops once more, with a snapshot of its own: it is neither lost nor there for ever.
-- An empty default partition is not touched: to look into one, all of its rows, locks out whoever writes there.
create or replace function rollcall.settle_default_partitions_v1(p_days_max integer default 31) returns integer
language plpgsql
security definer
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
declare
    v_table text;
    v_days date[];
    v_day date;
    v_made integer := 0;
begin
    -- As in make_partitions_v1: one maker at a time.
    perform pg_advisory_xact_lock(hashtextextended('rollcall.make_partitions', 0));
    foreach v_table in array array['progress_events', 'analytics_events'] loop
        continue when pg_relation_size(format('rollcall.%I', v_table || '_default')::regclass) = 0;
        execute format('alter table rollcall.%I no force row level security', v_table || '_default');
        execute format(
            'select array_agg(day order by day) from ('
            'select distinct (occurred_at at time zone ''UTC'')::date as day from rollcall.%I order by day limit $1'
            ') as days',
            v_table || '_default'
        )
        into v_days
        -- Not more days at a time than statements over all of them can lock; retention makes room (open_import_days_v1).
        using greatest(0, least(p_days_max, 200 - count_partitions_v1(v_table)));
        execute format('alter table rollcall.%I force row level security', v_table || '_default');
        foreach v_day in array coalesce(v_days, '{}') loop
            v_made := v_made + make_daily_partitions_v1(v_table, v_day, v_day);
        end loop;
    end loop;
    return v_made;
end
$$;

revoke all on function rollcall.settle_default_partitions_v1(integer) from public;
grant execute on function rollcall.settle_default_partitions_v1(integer) to rollcall_ops;
