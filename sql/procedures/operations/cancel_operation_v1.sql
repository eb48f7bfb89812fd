-- Asks that an operation of these organisations be cancelled: at once where no worker holds it, else after the current
-- chunk. A finished operation stays as it is. Returns the operation as it is now, or null when there is none.
create or replace function rollcall.cancel_operation_v1(p_org_ids uuid[], p_kind text, p_operation_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_operation operations;
    v_is_idle boolean;
begin
    perform set_config('rollcall.org_ids', p_org_ids::text, true);
    select * into v_operation from operations
    where org_id = any (p_org_ids) and operation_id = p_operation_id and kind = p_kind::operation_kind
    for update;
    if v_operation.state in ('queued', 'running') then
        v_is_idle := coalesce(v_operation.leased_until <= clock_timestamp(), true);
        update operations set
            cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()),
            state = case when v_is_idle then 'cancelled' else state end,
            finished_at = case when v_is_idle then clock_timestamp() end,
            lease_id = case when not v_is_idle then lease_id end,
            leased_until = case when not v_is_idle then leased_until end
        where org_id = v_operation.org_id and operation_id = p_operation_id
        returning * into v_operation;
    end if;
    return case when v_operation.operation_id is not null then describe_operation_v1(v_operation) end;
end
$$;

revoke all on function rollcall.cancel_operation_v1(uuid[], text, uuid) from public;
grant execute on function rollcall.cancel_operation_v1(uuid[], text, uuid) to rollcall_ops;
