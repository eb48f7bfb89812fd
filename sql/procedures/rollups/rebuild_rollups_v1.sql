-- One chunk of a rebuild of rollups: computes the next day again (rebuild_rollup_day_v1), and advances the operation in
-- the same transaction. Returns the operation as it is now, or null when the lease was lost.
-- The days are those with rollups or a partition of events, in the window that the operation's parameters name
-- (first_day and last_day, both included; either may be absent). Counts: total and done in days; events that were
-- counted again; frozen for sources of days that were left as they are.
create or replace function rollcall.rebuild_rollups_v1(
    p_org_id uuid, p_operation_id uuid, p_lease_id uuid, p_lease_seconds double precision, p_step_number integer
)
returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_operation operations;
    v_days date[];
    v_total integer := 0;
    v_rebuilt jsonb := '{}';
    v_counts jsonb := '{}';
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    v_operation := hold_operation_v1(p_org_id, p_operation_id, p_lease_id);
    if v_operation.operation_id is null then
        return null;
    end if;
    if v_operation.step_number <> p_step_number then
        return describe_operation_v1(v_operation);
    end if;
    v_days := rollup_days_v1(
        p_org_id,
        greatest((v_operation.parameters ->> 'first_day')::date, (v_operation.cursor ->> 'day')::date + 1),
        (v_operation.parameters ->> 'last_day')::date
    );
    if p_step_number = 0 then
        v_total := cardinality(v_days);
    end if;
    if cardinality(v_days) > 0 then
        if not v_operation.is_dry_run then
            v_rebuilt := rebuild_rollup_day_v1(p_org_id, v_days[1]);
            v_counts := jsonb_build_object(
                'events',
                coalesce((v_rebuilt ->> 'progress')::bigint, 0) + coalesce((v_rebuilt ->> 'analytics')::bigint, 0),
                'frozen', num_nulls(v_rebuilt ->> 'progress', v_rebuilt ->> 'analytics')
            );
        end if;
        v_counts := v_counts || '{"done": 1}';
    end if;
    return advance_operation_v1(
        p_org_id, p_operation_id, p_lease_id, p_lease_seconds, p_step_number,
        jsonb_build_object('day', coalesce(v_days[1]::text, v_operation.cursor ->> 'day')),
        v_counts || jsonb_build_object('total', v_total),
        cardinality(v_days) <= 1
    );
end
$$;

revoke all on function rollcall.rebuild_rollups_v1(uuid, uuid, uuid, double precision, integer) from public;
grant execute on function rollcall.rebuild_rollups_v1(uuid, uuid, uuid, double precision, integer) to rollcall_ops;
