-- The name of the partition of a day, as make_daily_partitions_v1 gives it.
create or replace function rollcall.partition_name_v1(p_table text, p_day date) returns text
language sql
immutable
set search_path = rollcall, pg_temp
as $$
select p_table || '_' || to_char(p_day, 'YYYYMMDD');
$$;

revoke all on function rollcall.partition_name_v1(text, date) from public;
