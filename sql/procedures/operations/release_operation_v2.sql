-- Gives an operation back before its lease ends, so that the next worker need not wait; an operation that is to be
-- cancelled is cancelled. With p_error_code because of an unexpected fault: after p_faults_max of them in a row, with
-- no chunk done between, the operation has failed. It rests for p_rest_seconds before its next chunk. Returns the
-- operation as it is now, or null when the lease was lost.
create or replace function rollcall.release_operation_v2(
    p_org_id uuid, p_operation_id uuid, p_lease_id uuid, p_error_code text, p_faults_max integer,
    p_rest_seconds double precision
)
returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_operation operations;
    v_state operation_state;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    v_operation := hold_operation_v1(p_org_id, p_operation_id, p_lease_id);
    if v_operation.operation_id is null then
        return null;
    end if;
    v_state := case
        when v_operation.cancel_requested_at is not null then 'cancelled'
        when p_error_code is not null and v_operation.faults + 1 >= p_faults_max then 'failed'
        else 'running'
    end;
    update operations set
        state = v_state,
        finished_at = case when v_state <> 'running' then clock_timestamp() end,
        error_code = case when v_state = 'failed' then p_error_code end,
        faults = faults + case when p_error_code is null then 0 else 1 end,
        lease_id = null,
        leased_until = null,
        held_until = null,
        due_at = clock_timestamp() + make_interval(secs => p_rest_seconds)
    where org_id = p_org_id and operation_id = p_operation_id
    returning * into v_operation;
    return describe_operation_v1(v_operation);
end
$$;

revoke all on function rollcall.release_operation_v2(uuid, uuid, uuid, text, integer, double precision) from public;
grant execute on function rollcall.release_operation_v2(
    uuid, uuid, uuid, text, integer, double precision
) to rollcall_ops;
