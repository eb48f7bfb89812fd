-- The number of the organisation's events whose id equals one of these identifiers (thing_columns_v1).
create or replace function rollcall.count_namesakes_v1(p_org_id uuid, p_identifiers text[]) returns bigint
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        with namesake as (
            select distinct identifier::uuid as event_id from unnest(p_identifiers) as given (identifier)
            where pg_input_is_valid(identifier, 'uuid')
        )
        select
            (select count(*) from progress_identities where org_id = p_org_id and event_id in (table namesake))
            + (select count(*) from analytics_identities where org_id = p_org_id and event_id in (table namesake))
    );
end
$$;

revoke all on function rollcall.count_namesakes_v1(uuid, text[]) from public;
grant execute on function rollcall.count_namesakes_v1(uuid, text[]) to rollcall_ops;
