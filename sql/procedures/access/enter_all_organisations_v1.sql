-- Lets this transaction work for every organisation, and returns them, sorted. It is for procedures of scheduled jobs,
-- which no caller's token bounds. Such a procedure returns counts, or what one organisation needs, never a mixture.
create or replace function rollcall.enter_all_organisations_v1() returns uuid[]
language plpgsql
set search_path = rollcall, pg_temp
as $$
declare
    v_org_ids uuid[];
begin
    perform set_config('rollcall.scope', 'all_organisations', true);
    select coalesce(array_agg(org_id order by org_id), '{}') into v_org_ids from organisations;
    perform set_config('rollcall.scope', '', true), set_config('rollcall.org_ids', v_org_ids::text, true);
    return v_org_ids;
end
$$;

revoke all on function rollcall.enter_all_organisations_v1() from public;
