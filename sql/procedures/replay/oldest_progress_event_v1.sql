-- The time since when every stored progress event is still there: the day after the last day that retention dropped,
-- or, where nothing was dropped, the beginning of the oldest daily partition. A partition of an older day does not
-- prove that its events are there: it may hold a late event, or the restored events of one organisation.
create or replace function rollcall.oldest_progress_event_v1() returns timestamptz
language sql
stable
set search_path = rollcall, pg_temp
as $$
select coalesce(
    first_undropped_day_v1('progress_events')::timestamp at time zone 'UTC',
    (
        select min(to_date(right(partition.relname, 8), 'YYYYMMDD')::timestamp at time zone 'UTC')
        from pg_inherits
        inner join pg_class as partition on pg_inherits.inhrelid = partition.oid
        where pg_inherits.inhparent = 'rollcall.progress_events'::regclass
            and partition.relname ~ '^progress_events_[0-9]{8}$'
    ),
    '-infinity'::timestamptz
);
$$;

revoke all on function rollcall.oldest_progress_event_v1() from public;
