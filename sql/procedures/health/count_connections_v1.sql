-- The number of connections that clients have open to the server, and the number that the server allows.
create or replace function rollcall.count_connections_v1(out connection_count integer, out connection_limit integer)
language sql stable
security definer
set search_path = rollcall, pg_temp
as $$
select
    -- Not pg_stat_activity, which hides most of other roles' sessions.
    (select sum(numbackends)::integer from pg_stat_database where datid <> 0),
    current_setting('max_connections')::integer;
$$;

revoke all on function rollcall.count_connections_v1() from public;
grant execute on function rollcall.count_connections_v1() to rollcall_ops;
