-- Makes the next assignments of an operation, at most p_limit. Learners, course and organisation become known by them.
-- A given due date replaces the one before; without one, the earlier due date stays.
-- Returns what to add to the operation's counts: done, assigned, already_assigned, updated.
--
-- An erasure takes a learner's pending assignments in the transaction that bars the learner (erase_learner_v1). Either
-- the erasure waits for this transaction and erases what it made, or the erasure was first, and no pending assignment
-- is left here.
create or replace function rollcall.apply_assignments_v1(p_operation rollcall.operations, p_limit integer) returns jsonb
language sql
set search_path = rollcall, pg_temp
as $$
-- Chosen once: as a subselect of the delete it could be asked again for each row, with other rows each time.
with chosen as materialized (
    select user_id from pending_assignments
    where org_id = p_operation.org_id and operation_id = p_operation.operation_id
    order by user_id
    limit p_limit
    for update
),
taken as materialized (
    delete from pending_assignments as pending using chosen
    where pending.org_id = p_operation.org_id
        and pending.operation_id = p_operation.operation_id
        and pending.user_id = chosen.user_id
    returning pending.user_id
),
known as (
    insert into learners (org_id, user_id, first_seen_at)
    select p_operation.org_id, user_id, clock_timestamp() from taken
    order by user_id
    on conflict do nothing
),
made as (
    insert into assignments as held (org_id, user_id, course_id, assigned_by, due_at, assigned_at)
    select
        p_operation.org_id, user_id, p_operation.parameters ->> 'course_id',
        (p_operation.parameters ->> 'assigned_by')::uuid, (p_operation.parameters ->> 'due_at')::timestamptz,
        clock_timestamp()
    from taken
    order by user_id
    on conflict (org_id, user_id, course_id) do update set due_at = excluded.due_at
        where excluded.due_at is not null and held.due_at is distinct from excluded.due_at
    -- xmax is 0 for a row that was inserted and not updated.
    returning xmax = 0 as is_new
)
select jsonb_build_object(
    'done', (select count(*) from taken),
    'assigned', count(*) filter (where is_new),
    'updated', count(*) filter (where not is_new),
    'already_assigned', (select count(*) from taken) - count(*)
)
from made;
$$;

revoke all on function rollcall.apply_assignments_v1(rollcall.operations, integer) from public;
