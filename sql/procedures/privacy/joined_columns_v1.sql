-- Names of columns and members whose texts rows are joined, grouped or found by.
create or replace function rollcall.joined_columns_v1() returns text[]
language sql
immutable
parallel safe
set search_path = rollcall, pg_temp
as $$
select array['course_id', 'lesson_id', 'name'];
$$;

revoke all on function rollcall.joined_columns_v1() from public;
