-- The name of a table of rollcall_scratch.
create or replace function rollcall.scratch_name_v1(p_table text, p_scratch_id uuid) returns text
language sql
immutable
set search_path = rollcall, pg_temp
as $$
select p_table || '_' || replace(p_scratch_id::text, '-', '');
$$;

revoke all on function rollcall.scratch_name_v1(text, uuid) from public;
