-- The size in bytes of the default partitions of all tables of events; anything but 0 means that partitions are
-- missing. Why their size: counting rows would need a way round row-level security.
create or replace function rollcall.default_partition_bytes_v1() returns bigint
language sql
security definer
set search_path = rollcall, pg_temp
as $$
select pg_relation_size('rollcall.progress_events_default') + pg_relation_size('rollcall.analytics_events_default');
$$;

revoke all on function rollcall.default_partition_bytes_v1() from public;
grant execute on function rollcall.default_partition_bytes_v1() to rollcall_ops;
