-- Gives the transaction id 2 to events of another cluster that were folded there: those of an organisation and source
-- from p_next on, which this cluster has not reached, up to its offset. At most p_events_max; returns how many.
create or replace function rollcall.settle_events_v1(
    p_org_id uuid, p_source text, p_next xid8, p_offset xid8, p_events_max bigint
)
returns bigint
language plpgsql
set search_path = rollcall, pg_temp
as $$
declare
    v_settled bigint;
begin
    if p_source = 'progress' then
        update progress_events as event set stored_xid = '2'
        from (
            select user_id, occurred_at, event_id from progress_events
            where org_id = p_org_id and stored_xid >= p_next and stored_xid <= p_offset
            limit p_events_max
        ) as settled
        where event.org_id = p_org_id
            and event.user_id = settled.user_id
            and event.occurred_at = settled.occurred_at
            and event.event_id = settled.event_id;
    else
        update analytics_events as event set stored_xid = '2'
        from (
            select occurred_at, event_id from analytics_events
            where org_id = p_org_id and stored_xid >= p_next and stored_xid <= p_offset
            limit p_events_max
        ) as settled
        where event.org_id = p_org_id
            and event.occurred_at = settled.occurred_at
            and event.event_id = settled.event_id;
    end if;
    get diagnostics v_settled = row_count;
    return v_settled;
end
$$;

revoke all on function rollcall.settle_events_v1(uuid, text, xid8, xid8, bigint) from public;
