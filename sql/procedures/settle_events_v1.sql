-- Gives the transaction id 1 to events of other clusters that were folded there: those from p_next on, which this
-- cluster has not reached, up to their organisation's offset. At most p_events_max of each source; returns how many.
create or replace function rollcall.settle_events_v1(p_next xid8, p_events_max integer) returns bigint
language sql
set search_path = rollcall, pg_temp
as $$
with foreign_progress as (
    select event.org_id, event.user_id, event.occurred_at, event.event_id
    from rollup_offsets as folded
    inner join progress_events as event
        on folded.org_id = event.org_id and event.stored_xid >= p_next and event.stored_xid <= folded.stored_xid
    where folded.source = 'progress' and folded.cluster_id <> cluster_id_v1()
    limit p_events_max
),
foreign_analytics as (
    select event.org_id, event.occurred_at, event.event_id
    from rollup_offsets as folded
    inner join analytics_events as event
        on folded.org_id = event.org_id and event.stored_xid >= p_next and event.stored_xid <= folded.stored_xid
    where folded.source = 'analytics' and folded.cluster_id <> cluster_id_v1()
    limit p_events_max
),
settled_progress as (
    update progress_events as event set stored_xid = '1'
    from foreign_progress as settled
    where event.org_id = settled.org_id
        and event.user_id = settled.user_id
        and event.occurred_at = settled.occurred_at
        and event.event_id = settled.event_id
    returning 1
),
settled_analytics as (
    update analytics_events as event set stored_xid = '1'
    from foreign_analytics as settled
    where event.org_id = settled.org_id
        and event.occurred_at = settled.occurred_at
        and event.event_id = settled.event_id
    returning 1
)
select (select count(*) from settled_progress) + (select count(*) from settled_analytics);
$$;

revoke all on function rollcall.settle_events_v1(xid8, integer) from public;
