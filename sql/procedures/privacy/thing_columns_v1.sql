-- Columns that hold ids of things: of organisations, of events, of objects in the archive. An id of an event is a
-- client's choice, and may be equal to a learner's: it is no mention of the learner, and identity depends on it. An
-- erasure neither searches nor changes these; count_namesakes_v1 counts equal ids, and the certificate states the
-- number.
create or replace function rollcall.thing_columns_v1() returns text[]
language sql
immutable
parallel safe
set search_path = rollcall, pg_temp
as $$
select array['org_id', 'event_id', 'event_ids', 'object_key', 'archive_key'];
$$;

revoke all on function rollcall.thing_columns_v1() from public;
