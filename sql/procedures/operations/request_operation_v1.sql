-- Writes down a requested operation. Where one of its kind is queued or running on the same source, nothing is written:
-- operation is that one, and is_new false. For one learner, any erasure or export counts as such.
create or replace function rollcall.request_operation_v1(
    p_org_id uuid,
    p_operation_id uuid,
    p_kind text,
    p_source text,
    p_parameters jsonb,
    p_is_dry_run boolean,
    p_rate_per_second double precision,
    p_requested_by text,
    p_reason text,
    out operation jsonb,
    out is_new boolean
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_operation operations;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    -- choose_operation_v1 asks all known organisations for their operations.
    insert into organisations (org_id, first_seen_at)
    select p_org_id, clock_timestamp()
    where p_org_id <> '00000000-0000-0000-0000-000000000000'
    on conflict do nothing;
    loop
        insert into operations (
            org_id, operation_id, kind, source, parameters, is_dry_run, rate_per_second, requested_by, reason
        )
        values (
            p_org_id, p_operation_id, p_kind::operation_kind, p_source, p_parameters, p_is_dry_run, p_rate_per_second,
            p_requested_by, p_reason
        )
        on conflict do nothing
        returning * into v_operation;
        is_new := found;
        if not is_new then
            select * into v_operation from operations
            where org_id = p_org_id
                and (
                    -- The same call again, after its answer was lost.
                    operation_id = p_operation_id
                    or (
                        source = p_source
                        and state in ('queued', 'running')
                        and (
                            kind = p_kind::operation_kind
                            or (p_kind in ('erase', 'export') and kind in ('erase', 'export'))
                        )
                    )
                );
        end if;
        -- Neither inserted nor found: the active operation has just finished, so try again.
        exit when found;
    end loop;
    operation := describe_operation_v1(v_operation);
end
$$;

revoke all on function rollcall.request_operation_v1(
    uuid, uuid, text, text, jsonb, boolean, double precision, text, text
) from public;
grant execute on function rollcall.request_operation_v1(
    uuid, uuid, text, text, jsonb, boolean, double precision, text, text
) to rollcall_ops;
