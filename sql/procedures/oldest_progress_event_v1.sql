-- Since when every stored progress event is still there: the beginning of the oldest daily partition. Days before it
-- were dropped by retention, or never had a partition.
create or replace function rollcall.oldest_progress_event_v1() returns timestamptz
language sql
stable
set search_path = rollcall, pg_temp
as $$
select coalesce(
    min(to_date(right(partition.relname, 8), 'YYYYMMDD')::timestamp at time zone 'UTC'), '-infinity'::timestamptz
)
from pg_inherits
inner join pg_class as partition on pg_inherits.inhrelid = partition.oid
where pg_inherits.inhparent = 'rollcall.progress_events'::regclass
    and partition.relname ~ '^progress_events_[0-9]{8}$';
$$;

revoke all on function rollcall.oldest_progress_event_v1() from public;
