-- Locks an organisation's rollups for this transaction. With a ticket it does not wait, and returns held, busy (another
-- worker has them) or superseded (a newer ticket exists). Without a ticket it waits.
create or replace function rollcall.hold_rollups_v1(p_org_id uuid, p_ticket_id uuid, p_ticket_seconds double precision)
returns text
language plpgsql
set search_path = rollcall, pg_temp
as $$
declare
    v_ticket_id uuid;
begin
    if p_ticket_id is null then
        insert into rollup_tickets (org_id) values (p_org_id) on conflict do nothing;
        perform from rollup_tickets where org_id = p_org_id for update;
        return 'held';
    end if;
    select ticket_id into v_ticket_id from rollup_tickets where org_id = p_org_id for update skip locked;
    if not found then
        return case
            when exists (select from rollup_tickets where org_id = p_org_id and ticket_id = p_ticket_id) then 'busy'
            else 'superseded'
        end;
    end if;
    if v_ticket_id is distinct from p_ticket_id then
        return 'superseded';
    end if;
    update rollup_tickets set ticket_until = clock_timestamp() + make_interval(secs => p_ticket_seconds)
    where org_id = p_org_id;
    return 'held';
end
$$;

revoke all on function rollcall.hold_rollups_v1(uuid, uuid, double precision) from public;
