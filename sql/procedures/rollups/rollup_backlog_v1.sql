-- Finds the organisations whose rollups have something to do (events that are not folded, or stale days) and have no
-- worker, gives each a ticket for p_ticket_seconds, and returns them as a JSON array of {org_id, ticket_id}: those
-- whose last ticket is the oldest first, at most p_limit.
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
    v_free_ids uuid[];
    v_waiting_ids uuid[] := '{}';
    v_org_id uuid;
    v_given jsonb;
begin
    select coalesce(array_agg(organisation.org_id order by ticket.ticket_until nulls first, organisation.org_id), '{}')
    into v_free_ids
    from unnest(v_org_ids) as organisation (org_id)
    left join (select org_id, ticket_until from rollup_tickets) as ticket using (org_id)
    where ticket.ticket_until is null or ticket.ticket_until <= now();
    foreach v_org_id in array v_free_ids loop
        exit when cardinality(v_waiting_ids) >= p_limit;
        if oldest_unfolded_v1(v_org_id) is not null
            or exists (select from rollup_stale_days where org_id = v_org_id)
        then
            v_waiting_ids := v_waiting_ids || v_org_id;
        end if;
    end loop;
    perform set_config('rollcall.org_ids', v_waiting_ids::text, true);
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
