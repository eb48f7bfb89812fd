-- Makes room for events of past days: a partition for each day, which retention leaves alone until p_kept_until, so
-- that the day is snapshotted and dropped once, after the import. Returns how many partitions it made.
-- Why at most p_partitions_max of a table: a statement over all days locks each of them, and locks are few. Rows of
-- further days fall into the default partition, and get their own as others are dropped (settle_default_partitions_v1).
create or replace function rollcall.open_import_days_v1(
    p_table text, p_days date[], p_kept_until timestamptz, p_partitions_max integer
)
returns integer
language plpgsql
security definer
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
declare
    v_day date;
    v_made integer := 0;
begin
    -- Open days need no lock: every batch of an import makes this call.
    if exists (
        select from unnest(p_days) as day
        where to_regclass('rollcall.' || partition_name_v1(p_table, day)) is null
    )
    then
        perform pg_advisory_xact_lock(hashtextextended('rollcall.make_partitions', 0));
        for v_day in
            select day from unnest(p_days) as day
            where to_regclass('rollcall.' || partition_name_v1(p_table, day)) is null
            order by day
        loop
            exit when count_partitions_v1(p_table) >= p_partitions_max;
            v_made := v_made + make_daily_partitions_v1(p_table, v_day, v_day);
        end loop;
    end if;
    insert into kept_days as kept (table_name, day, kept_until)
    select distinct p_table, day, p_kept_until
    from unnest(p_days) as day
    where to_regclass('rollcall.' || partition_name_v1(p_table, day)) is not null
    order by day
    on conflict (table_name, day) do update set kept_until = excluded.kept_until
    -- Not for each batch: an hour more or less does not matter.
    where kept.kept_until < excluded.kept_until - interval '1 hour';
    return v_made;
end
$$;

revoke all on function rollcall.open_import_days_v1(text, date[], timestamptz, integer) from public;
grant execute on function rollcall.open_import_days_v1(text, date[], timestamptz, integer) to rollcall_ops;
