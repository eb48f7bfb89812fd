-- The columns of a table's key after org_id: the order of a snapshot's rows.
create or replace function rollcall.snapshot_key_v1(p_table text) returns text
language sql
immutable
set search_path = rollcall, pg_temp
as $$
select case p_table
    when 'progress_events' then 'user_id, occurred_at, event_id'
    when 'analytics_events' then 'occurred_at, event_id'
end;
$$;

revoke all on function rollcall.snapshot_key_v1(text) from public;
