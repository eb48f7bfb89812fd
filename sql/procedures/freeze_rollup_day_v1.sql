-- Until rollups exist, every day may be dropped.
create or replace function rollcall.freeze_rollup_day_v1(p_table text, p_day date) returns boolean
language sql
set search_path = rollcall, pg_temp
as $$
select p_table is not null and p_day is not null;
$$;

revoke all on function rollcall.freeze_rollup_day_v1(text, date) from public;
