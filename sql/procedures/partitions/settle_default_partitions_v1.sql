-- Gives the rows in the default partitions a partition of their day, at most p_days_max days a table, oldest first;
-- returns how many partitions it made. An event that comes after its day was dropped opens a new day, which retention
-- drops once more, with a snapshot of its own: the event is not lost, and does not stay for ever.
-- An empty default partition is not touched: reading all of its rows locks out its writers.
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
    -- As in make_partitions_v1: one call at a time.
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
        -- No more days at a time than a statement over all partitions can lock. Retention makes room
        -- (open_import_days_v1).
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
