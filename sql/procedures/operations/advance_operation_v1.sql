-- Notes that a chunk is done: adds its counts, moves the cursor, renews the lease. Ends the operation when that was the
-- last chunk, or when the operation is to be cancelled. Returns the operation as it is now, or null when the lease was
-- lost.
-- A chunk that was noted before (p_step_number is behind) changes nothing: the answer is the operation as it is.
create or replace function rollcall.advance_operation_v1(
    p_org_id uuid,
    p_operation_id uuid,
    p_lease_id uuid,
    p_lease_seconds double precision,
    p_step_number integer,
    p_cursor jsonb,
    p_counts jsonb,
    p_is_done boolean
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
    if v_operation.step_number = p_step_number then
        v_state := case
            when p_is_done then 'done'
            when v_operation.cancel_requested_at is not null then 'cancelled'
            else 'running'
        end;
        update operations set
            state = v_state,
            finished_at = case when v_state <> 'running' then clock_timestamp() end,
            step_number = step_number + 1,
            cursor = p_cursor,
            counts = add_counts_v1(counts, p_counts),
            faults = 0,
            lease_id = case when v_state = 'running' then lease_id end,
            leased_until = case
                when v_state = 'running' then clock_timestamp() + make_interval(secs => p_lease_seconds)
            end
        where org_id = p_org_id and operation_id = p_operation_id
        returning * into v_operation;
    end if;
    return case when v_operation.operation_id is not null then describe_operation_v1(v_operation) end;
end
$$;

revoke all on function rollcall.advance_operation_v1(
    uuid, uuid, uuid, double precision, integer, jsonb, jsonb, boolean
) from public;
grant execute on function rollcall.advance_operation_v1(
    uuid, uuid, uuid, double precision, integer, jsonb, jsonb, boolean
) to rollcall_ops;
