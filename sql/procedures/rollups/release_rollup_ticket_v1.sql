-- Gives a ticket back, so that the next new events get another. A newer ticket stays as it is.
create or replace function rollcall.release_rollup_ticket_v1(p_org_id uuid, p_ticket_id uuid) returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    update rollup_tickets set ticket_id = null, ticket_until = null
    where org_id = p_org_id and ticket_id = p_ticket_id;
    return found;
end
$$;

revoke all on function rollcall.release_rollup_ticket_v1(uuid, uuid) from public;
grant execute on function rollcall.release_rollup_ticket_v1(uuid, uuid) to rollcall_ops;
