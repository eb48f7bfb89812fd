-- The first day of a table that retention has not dropped, or null where it has dropped none. Partitions of earlier
-- days hold late or restored events, never all events of the day.
create or replace function rollcall.first_undropped_day_v1(p_table text) returns date
language sql
stable
set search_path = rollcall, pg_temp
as $$
select max(day) + 1 from snapshot_days where table_name = p_table and state = 'dropped';
$$;

revoke all on function rollcall.first_undropped_day_v1(text) from public;
