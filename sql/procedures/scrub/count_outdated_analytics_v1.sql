-- The number of analytics events of one organisation and day that another policy than the named one scrubbed.
create or replace function rollcall.count_outdated_analytics_v1(p_org_id uuid, p_day date, p_policy_version text)
returns bigint
language plpgsql
security definer
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select count(*) from analytics_events
        where org_id = p_org_id
            and occurred_at >= p_day::timestamptz
            and occurred_at < (p_day + 1)::timestamptz
            and policy_version <> p_policy_version
    );
end
$$;

revoke all on function rollcall.count_outdated_analytics_v1(uuid, date, text) from public;
grant execute on function rollcall.count_outdated_analytics_v1(uuid, date, text) to rollcall_ops;
