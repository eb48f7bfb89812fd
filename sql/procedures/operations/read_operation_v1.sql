-- An operation of these organisations, or null when there is none.
create or replace function rollcall.read_operation_v1(p_org_ids uuid[], p_kind text, p_operation_id uuid) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', p_org_ids::text, true);
    return (
        select describe_operation_v1(operations) from operations
        where org_id = any (p_org_ids) and operation_id = p_operation_id and kind = p_kind::operation_kind
    );
end
$$;

revoke all on function rollcall.read_operation_v1(uuid[], text, uuid) from public;
grant execute on function rollcall.read_operation_v1(uuid[], text, uuid) to rollcall_ops;
