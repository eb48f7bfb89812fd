-- When the oldest event of an organisation that is not folded was received; null when all are folded. Of each source,
-- the first event of the transaction that stored first counts. Binds the transaction to the organisation.
-- Why one organisation at a time: under row-level security an index is searched by the transaction's organisations too,
-- in each partition; with all of them the time would grow with their square.
create or replace function rollcall.oldest_unfolded_v1(p_org_id uuid) returns timestamptz
language plpgsql
set search_path = rollcall, pg_temp
as $$
declare
    v_progress_xid xid8;
    v_analytics_xid xid8;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    -- Variables: row-level security lets no index be searched by a comparison with coalesce.
    v_progress_xid := coalesce(
        (select stored_xid from rollup_offsets where org_id = p_org_id and source = 'progress'), '2'
    );
    v_analytics_xid := coalesce(
        (select stored_xid from rollup_offsets where org_id = p_org_id and source = 'analytics'), '2'
    );
    return (
        select min(waiting.received_at)
        from (
            (
                select received_at from progress_events
                where org_id = p_org_id and stored_xid > v_progress_xid
                order by stored_xid
                limit 1
            )
            union all
            (
                select received_at from analytics_events
                where org_id = p_org_id and stored_xid > v_analytics_xid
                order by stored_xid
                limit 1
            )
        ) as waiting
    );
end
$$;

revoke all on function rollcall.oldest_unfolded_v1(uuid) from public;
