-- The latest operations of a kind of an organisation, newest first, as a JSON array.
create or replace function rollcall.list_operations_v1(p_org_id uuid, p_kind text, p_limit integer) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select coalesce(jsonb_agg(describe_operation_v1(latest) order by requested_at desc, operation_id), '[]')
        from (
            select * from operations
            where org_id = p_org_id and kind = p_kind::operation_kind
            order by requested_at desc, operation_id
            limit p_limit
        ) as latest
    );
end
$$;

revoke all on function rollcall.list_operations_v1(uuid, text, integer) from public;
grant execute on function rollcall.list_operations_v1(uuid, text, integer) to rollcall_ops;
