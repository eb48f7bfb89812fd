-- Finds the organisations whose rollups have something to do (events that are not folded, or stale days) and that
-- nobody works on, gives each a ticket for that long, and returns them as a JSON array of {org_id, ticket_id}: those
-- whose last ticket is the oldest first, p_limit of them at most.
create or replace function rollcall.rollup_backlog_v1(p_ticket_seconds double precision, p_limit integer) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_org_ids uuid[] := enter_all_organisations_v1();
    v_waiting_ids uuid[];
    v_given jsonb;
begin
    -- Materialised: a comparison with coalesce is none that row-level security lets an index be searched by.
    with folded as materialized (
        select
            organisation.org_id, ticket.ticket_until, coalesce(progress.stored_xid, '0') as progress_xid,
            coalesce(analytics.stored_xid, '0') as analytics_xid
        from unnest(v_org_ids) as organisation (org_id)
        left join rollup_tickets as ticket on organisation.org_id = ticket.org_id
        left join rollup_offsets as progress
            on organisation.org_id = progress.org_id and progress.source = 'progress'
        left join rollup_offsets as analytics
            on organisation.org_id = analytics.org_id and analytics.source = 'analytics'
        where ticket.ticket_until is null or ticket.ticket_until <= now()
    ),
    waiting as (
        select folded.org_id from folded
        where exists (
                select from progress_events as event
                where event.org_id = folded.org_id and event.stored_xid > folded.progress_xid
            )
            or exists (
                select from analytics_events as event
                where event.org_id = folded.org_id and event.stored_xid > folded.analytics_xid
            )
            or exists (select from rollup_stale_days as stale where stale.org_id = folded.org_id)
        order by folded.ticket_until nulls first, folded.org_id
        limit p_limit
    )
    select coalesce(array_agg(org_id), '{}') into v_waiting_ids from waiting;
    insert into rollup_tickets (org_id)
    select org_id from unnest(v_waiting_ids) as waiting (org_id)
    order by org_id
    on conflict do nothing;
    with free as (
        select org_id from rollup_tickets
        where org_id = any (v_waiting_ids) and (ticket_until is null or ticket_until <= now())
        order by org_id
        for update skip locked
    ),
    given as (
        update rollup_tickets as ticket set
            ticket_id = gen_random_uuid(),
            ticket_until = clock_timestamp() + make_interval(secs => p_ticket_seconds)
        from free
        where ticket.org_id = free.org_id
        returning ticket.org_id, ticket.ticket_id
    )
    select coalesce(jsonb_agg(jsonb_build_object('org_id', org_id, 'ticket_id', ticket_id) order by org_id), '[]')
    into v_given
    from given;
    return v_given;
end
$$;

revoke all on function rollcall.rollup_backlog_v1(double precision, integer) from public;
grant execute on function rollcall.rollup_backlog_v1(double precision, integer) to rollcall_ops;
