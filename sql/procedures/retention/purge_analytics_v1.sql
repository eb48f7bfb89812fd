-- Deletes analytics events of an organisation from p_from until before p_to, at most p_limit, or in a dry run counts
-- all of them. Returns how many. The ledger keeps their identities, as in purge_progress_v1.
create or replace function rollcall.purge_analytics_v1(
    p_org_id uuid, p_from timestamptz, p_to timestamptz, p_limit integer, p_is_dry_run boolean
)
returns bigint
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_deleted bigint;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    if p_is_dry_run then
        return (
            select count(*) from analytics_events
            where org_id = p_org_id and occurred_at >= p_from and occurred_at < p_to
        );
    end if;
    delete from analytics_events as events
    using (
        select occurred_at, event_id from analytics_events
        where org_id = p_org_id and occurred_at >= p_from and occurred_at < p_to
        order by occurred_at, event_id
        limit p_limit
    ) as doomed
    where events.org_id = p_org_id
        and events.occurred_at = doomed.occurred_at
        and events.event_id = doomed.event_id;
    get diagnostics v_deleted = row_count;
    return v_deleted;
end
$$;

revoke all on function rollcall.purge_analytics_v1(uuid, timestamptz, timestamptz, integer, boolean) from public;
grant execute on function rollcall.purge_analytics_v1(uuid, timestamptz, timestamptz, integer, boolean) to rollcall_ops;
