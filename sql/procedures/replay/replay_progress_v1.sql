-- One chunk of a replay of stored events: makes the projections of the next learners right (rebuild_progress_v1), and
-- advances the operation in the same transaction. Returns the operation as it is now, or null when the lease was lost.
-- The learners are those active in the window that the operation's parameters name (from, to, and user_id where it is
-- for one alone). Each is rebuilt from all stored events, whatever the window: that is what ingestion would have made.
-- Counts: total and done in learners of the organisation that were passed, learners for those that were rebuilt, and
-- rows.
create or replace function rollcall.replay_progress_v1(
    p_org_id uuid,
    p_operation_id uuid,
    p_lease_id uuid,
    p_lease_seconds double precision,
    p_step_number integer,
    p_learners_max integer
)
returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
-- As in ingestion: planned once a connection, and never a plan that was made while a table was empty. Such a plan would
-- also compare every row of a chunk with every other: joins are by hash.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_nestloop = off
as $$
declare
    v_operation operations;
    v_user_id uuid;
    v_after uuid;
    v_user_ids uuid[];
    v_is_done boolean;
    v_total bigint := 0;
    v_passed bigint;
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
    v_user_id := (v_operation.parameters ->> 'user_id')::uuid;
    v_after := (v_operation.cursor ->> 'user_id')::uuid;
    v_user_ids := active_learners_v1(
        p_org_id, (v_operation.parameters ->> 'from')::timestamptz, (v_operation.parameters ->> 'to')::timestamptz,
        v_user_id, v_after, p_learners_max
    );
    v_is_done := cardinality(v_user_ids) < p_learners_max;

    -- The same locks as in ingest_progress_v1, in the same order: a batch of these learners comes before or after.
    perform pg_advisory_xact_lock(lock_key)
    from (
        select distinct hashtextextended(user_id::text, 0) as lock_key
        from unnest(v_user_ids) as learner (user_id)
        order by lock_key
    ) as learner;
    v_counts := rebuild_progress_v1(p_org_id, v_user_ids, v_operation.is_dry_run);

    if p_step_number = 0 then
        select count(*) into v_total from learners
        where org_id = p_org_id and (v_user_id is null or user_id = v_user_id);
    end if;
    select count(*) into v_passed from learners
    where org_id = p_org_id
        and (v_user_id is null or user_id = v_user_id)
        and (v_after is null or user_id > v_after)
        and (v_is_done or user_id <= v_user_ids[cardinality(v_user_ids)]);
    return advance_operation_v1(
        p_org_id, p_operation_id, p_lease_id, p_lease_seconds, p_step_number,
        jsonb_build_object('user_id', coalesce(v_user_ids[cardinality(v_user_ids)], v_after)),
        v_counts || jsonb_build_object('total', v_total, 'done', v_passed, 'learners', cardinality(v_user_ids)),
        v_is_done
    );
end
$$;

revoke all on function rollcall.replay_progress_v1(uuid, uuid, uuid, double precision, integer, integer) from public;
grant execute on function rollcall.replay_progress_v1(
    uuid, uuid, uuid, double precision, integer, integer
) to rollcall_ops;
