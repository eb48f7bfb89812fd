-- One chunk of a purge of live progress events: deletes those of the next learners from p_from until before p_to,
-- computes these learners' projections anew from the remaining events, and advances the operation, in one transaction.
-- Returns the operation as it is now, or null when the lease was lost.
-- The ledger keeps the identities: a purged event that is sent again is a duplicate, and does not come back.
-- Projections of lessons that began before the oldest kept day stay as they are: the remaining events would give less.
create or replace function rollcall.purge_progress_v1(
    p_org_id uuid,
    p_operation_id uuid,
    p_lease_id uuid,
    p_lease_seconds double precision,
    p_step_number integer,
    p_learners_max integer,
    p_next_cursor jsonb
)
returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
    v_operation operations;
    v_from timestamptz;
    v_to timestamptz;
    v_after uuid;
    v_user_ids uuid[];
    v_deleted bigint;
    v_counts jsonb := '{}';
    v_is_last boolean;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    v_operation := hold_operation_v1(p_org_id, p_operation_id, p_lease_id);
    if v_operation.operation_id is null then
        return null;
    end if;
    if v_operation.step_number <> p_step_number then
        return describe_operation_v1(v_operation);
    end if;
    v_from := (v_operation.parameters ->> 'from')::timestamptz;
    v_to := (v_operation.parameters ->> 'to')::timestamptz;
    v_after := (v_operation.cursor ->> 'user_id')::uuid;
    select coalesce(array_agg(user_id order by user_id), '{}') into v_user_ids
    from (
        select distinct user_id from progress_events
        where org_id = p_org_id and (v_after is null or user_id > v_after)
            and occurred_at >= v_from and occurred_at < v_to
        order by user_id
        limit p_learners_max
    ) as learner;
    v_is_last := cardinality(v_user_ids) < p_learners_max;

    -- The same locks as in ingest_progress_v1, in the same order: a batch of these learners comes before or after.
    perform pg_advisory_xact_lock(lock_key)
    from (
        select distinct hashtextextended(user_id::text, 0) as lock_key
        from unnest(v_user_ids) as learner (user_id)
        order by lock_key
    ) as learner;
    if v_operation.is_dry_run then
        select count(*) into v_deleted from progress_events
        where org_id = p_org_id and user_id = any (v_user_ids) and occurred_at >= v_from and occurred_at < v_to;
    else
        delete from progress_events
        where org_id = p_org_id and user_id = any (v_user_ids) and occurred_at >= v_from and occurred_at < v_to;
        get diagnostics v_deleted = row_count;
        v_counts := rebuild_progress_v1(p_org_id, v_user_ids, false) - 'unchanged';
    end if;
    return advance_operation_v1(
        p_org_id, p_operation_id, p_lease_id, p_lease_seconds, p_step_number,
        case
            when v_is_last then p_next_cursor
            else coalesce(v_operation.cursor, '{}')
                || jsonb_build_object('user_id', v_user_ids[cardinality(v_user_ids)])
        end,
        v_counts || jsonb_build_object('rows', v_deleted, 'learners', cardinality(v_user_ids)),
        false
    );
end
$$;

revoke all on function rollcall.purge_progress_v1(
    uuid, uuid, uuid, double precision, integer, integer, jsonb
) from public;
grant execute on function rollcall.purge_progress_v1(
    uuid, uuid, uuid, double precision, integer, integer, jsonb
) to rollcall_ops;
