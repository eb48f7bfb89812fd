-- How large the default partition of progress_events is, in bytes; anything but 0 means partitions are missing.
-- Why its size: counting rows would need a way round row-level security.
create or replace function rollcall.default_partition_bytes_v1() returns bigint
language sql
security definer
set search_path = rollcall, pg_temp
as $$
select pg_relation_size('rollcall.progress_events_default');
$$;

revoke all on function rollcall.default_partition_bytes_v1() from public;
grant execute on function rollcall.default_partition_bytes_v1() to rollcall_ops;
