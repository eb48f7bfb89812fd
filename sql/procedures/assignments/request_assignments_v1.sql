-- Takes an order of assignments, once for each key: writes the operation and its learners down, and makes the first
-- p_at_once of them in the same transaction. An operation that is done with that is never queued; an unfinished one
-- goes on with assign_learners_v1.
--
-- p_key_digest: of the caller's idempotency key. is_conflict: the key asked for something else before; operation is
-- null then. For a known key the answer is its operation as it is now, and nothing is done again.
-- p_parameters: course_id, and due_at and assigned_by where there are any.
create or replace function rollcall.request_assignments_v1(
    p_org_id uuid,
    p_operation_id uuid,
    p_key_digest bytea,
    p_content_digest bytea,
    p_parameters jsonb,
    p_user_ids uuid[],
    p_requested_by text,
    p_reason text,
    p_at_once integer,
    out operation jsonb,
    out is_conflict boolean
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_operation operations;
    v_request assignment_requests;
    v_counts jsonb;
    v_total bigint;
    v_is_done boolean;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    -- A concurrent call with the same key waits here, and reads below what the first call did.
    insert into assignment_requests (org_id, key_digest, content_digest, operation_id)
    values (p_org_id, p_key_digest, p_content_digest, p_operation_id)
    on conflict do nothing;
    select * into strict v_request from assignment_requests
    where org_id = p_org_id and key_digest = p_key_digest;
    is_conflict := v_request.content_digest <> p_content_digest;
    if v_request.operation_id <> p_operation_id then
        select * into v_operation from operations
        where org_id = p_org_id and operation_id = v_request.operation_id and not is_conflict;
        operation := case when found then describe_operation_v1(v_operation) end;
        return;
    end if;

    insert into organisations (org_id, first_seen_at) values (p_org_id, clock_timestamp()) on conflict do nothing;
    insert into courses (org_id, course_id, first_seen_at)
    values (p_org_id, p_parameters ->> 'course_id', clock_timestamp())
    on conflict do nothing;
    insert into pending_assignments (org_id, operation_id, user_id)
    select distinct p_org_id, p_operation_id, given.user_id from unnest(p_user_ids) as given (user_id)
    order by given.user_id;
    get diagnostics v_total = row_count;
    insert into operations (org_id, operation_id, kind, source, parameters, requested_by, reason, counts)
    values (
        p_org_id, p_operation_id, 'assign', p_operation_id::text, p_parameters, p_requested_by, p_reason,
        jsonb_build_object('total', v_total)
    )
    returning * into v_operation;
    v_counts := apply_assignments_v1(v_operation, p_at_once);
    v_is_done := not exists (
        select from pending_assignments where org_id = p_org_id and operation_id = p_operation_id
    );
    update operations set
        counts = add_counts_v1(counts, v_counts),
        state = case when v_is_done then 'done' else state end,
        started_at = case when v_is_done then clock_timestamp() end,
        finished_at = case when v_is_done then clock_timestamp() end
    where org_id = p_org_id and operation_id = p_operation_id
    returning * into v_operation;
    operation := describe_operation_v1(v_operation);
end
$$;

revoke all on function rollcall.request_assignments_v1(
    uuid, uuid, bytea, bytea, jsonb, uuid[], text, text, integer
) from public;
grant execute on function rollcall.request_assignments_v1(
    uuid, uuid, bytea, bytea, jsonb, uuid[], text, text, integer
) to rollcall_ops;
