-- The number of daily partitions of a table of events.
create or replace function rollcall.count_partitions_v1(p_table text) returns integer
language sql
set search_path = rollcall, pg_temp
as $$
select count(*)::integer
from pg_inherits
inner join pg_class as partition on pg_inherits.inhrelid = partition.oid
where pg_inherits.inhparent = ('rollcall.' || p_table)::regclass and partition.relname ~ '_[0-9]{8}$';
$$;

revoke all on function rollcall.count_partitions_v1(text) from public;
