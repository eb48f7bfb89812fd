-- The ids of all exports of a learner: operations of that kind on this source.
create or replace function rollcall.list_exports_v1(p_org_id uuid, p_source text) returns uuid[]
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select coalesce(array_agg(operation_id order by operation_id), '{}') from operations
        where org_id = p_org_id and kind = 'export' and source = p_source and not is_dry_run
    );
end
$$;

revoke all on function rollcall.list_exports_v1(uuid, text) from public;
grant execute on function rollcall.list_exports_v1(uuid, text) to rollcall_ops;
