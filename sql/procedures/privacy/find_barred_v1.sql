-- For each set of identifiers and time: was the learner erased at or after that time?
-- p_asked: a JSON array of {identifiers, at}. It serves the flows that keep messages outside the database; the
-- procedures that store events check by themselves.
create or replace function rollcall.find_barred_v1(p_org_id uuid, p_asked jsonb) returns boolean[]
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select coalesce(array_agg(is_barred_v1(p_org_id, asked.identifiers, asked.at) order by asked.ordinal), '{}')
        from rows from (
            jsonb_to_recordset(p_asked) as (identifiers text[], at timestamptz)
        ) with ordinality as asked (identifiers, at, ordinal)
    );
end
$$;

revoke all on function rollcall.find_barred_v1(uuid, jsonb) from public;
grant execute on function rollcall.find_barred_v1(uuid, jsonb) to rollcall_app, rollcall_ops;
