-- One chunk of an operation of assignments: makes the next ones, and advances the operation in the same transaction.
-- Returns the operation as it is now, or null when the lease was lost.
create or replace function rollcall.assign_learners_v1(
    p_org_id uuid,
    p_operation_id uuid,
    p_lease_id uuid,
    p_lease_seconds double precision,
    p_step_number integer,
    p_limit integer
)
returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_operation operations;
    v_counts jsonb;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    v_operation := hold_operation_v1(p_org_id, p_operation_id, p_lease_id);
    if v_operation.operation_id is null then
        return null;
    end if;
    if v_operation.step_number <> p_step_number then
        return describe_operation_v1(v_operation);
    end if;
    v_counts := apply_assignments_v1(v_operation, p_limit);
    return advance_operation_v1(
        p_org_id, p_operation_id, p_lease_id, p_lease_seconds, p_step_number, null, v_counts,
        not exists (select from pending_assignments where org_id = p_org_id and operation_id = p_operation_id)
    );
end
$$;

revoke all on function rollcall.assign_learners_v1(
    uuid, uuid, uuid, double precision, integer, integer
) from public;
grant execute on function rollcall.assign_learners_v1(
    uuid, uuid, uuid, double precision, integer, integer
) to rollcall_ops;
