-- Takes an operation to work on it for p_lease_seconds: no other worker gets it until then, or until its release.
-- operation is null when there is none. lease_id is null when there is nothing to work on: the operation is finished
-- (or was to be cancelled, and now is), or another worker has it.
create or replace function rollcall.lease_operation_v1(
    p_org_id uuid, p_operation_id uuid, p_lease_seconds double precision, out operation jsonb, out lease_id uuid
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_operation operations;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    select * into v_operation from operations
    where org_id = p_org_id and operation_id = p_operation_id
    for update;
    if not found then
        return;
    end if;
    if v_operation.state in ('queued', 'running') and coalesce(v_operation.leased_until <= clock_timestamp(), true) then
        if v_operation.cancel_requested_at is null then
            lease_id := gen_random_uuid();
        end if;
        update operations as current set
            state = case when lease_operation_v1.lease_id is null then 'cancelled' else 'running' end::operation_state,
            started_at = coalesce(current.started_at, clock_timestamp()),
            finished_at = case when lease_operation_v1.lease_id is null then clock_timestamp() end,
            lease_id = lease_operation_v1.lease_id,
            leased_until = case
                when lease_operation_v1.lease_id is not null
                    then clock_timestamp() + make_interval(secs => p_lease_seconds)
            end
        where current.org_id = p_org_id and current.operation_id = p_operation_id
        returning * into v_operation;
    end if;
    operation := describe_operation_v1(v_operation);
end
$$;

revoke all on function rollcall.lease_operation_v1(uuid, uuid, double precision) from public;
grant execute on function rollcall.lease_operation_v1(uuid, uuid, double precision) to rollcall_ops;
