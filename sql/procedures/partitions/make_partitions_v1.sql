-- Makes the daily partitions of every table of events from p_from to p_until (both included); those that exist stay.
-- Returns how many it made. Rows of a missing day that fell into a default partition move to their own.
-- Days that retention has dropped are not made again.
create or replace function rollcall.make_partitions_v1(p_from date, p_until date) returns integer
language plpgsql
security definer
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
begin
    -- One call at a time: two schedules may fire together.
    perform pg_advisory_xact_lock(hashtextextended('rollcall.make_partitions', 0));
    return make_daily_partitions_v1(
        'progress_events', greatest(p_from, first_undropped_day_v1('progress_events')), p_until
    )
    + make_daily_partitions_v1(
        'analytics_events', greatest(p_from, first_undropped_day_v1('analytics_events')), p_until
    );
end
$$;

revoke all on function rollcall.make_partitions_v1(date, date) from public;
grant execute on function rollcall.make_partitions_v1(date, date) to rollcall_ops;
