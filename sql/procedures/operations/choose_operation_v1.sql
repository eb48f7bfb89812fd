-- Chooses a worker's next operation. Of all organisations with an operation that is due and not at work, it takes the
-- organisation with the fewest at work, then the one served the longest ago; of its operations, the one that waits the
-- longest. An organisation never has more than p_leases_max at work, so that a worker is left for others.
--
-- p_org_id: the organisation of the received message, which may not be known here yet.
-- org_id, operation_id: the chosen operation, set aside for p_held_seconds. Null: nothing is due now. again_seconds is
-- then the time until something may be due, or null when nothing waits: every operation is finished, or at work.
create or replace function rollcall.choose_operation_v1(
    p_org_id uuid,
    p_leases_max integer,
    p_held_seconds double precision,
    out org_id uuid,
    out operation_id uuid,
    out again_seconds double precision
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config(
        'rollcall.org_ids',
        (enter_all_organisations_v1() || array[p_org_id, '00000000-0000-0000-0000-000000000000'])::text, true
    );
    -- One call chooses at a time: two at the same moment would take the same operation.
    perform pg_advisory_xact_lock(hashtextextended('rollcall.turns', 0));
    with unfinished as materialized (
        select
            waiting.org_id, waiting.operation_id, coalesce(waiting.due_at, waiting.requested_at) as due_at,
            coalesce(greatest(waiting.leased_until, waiting.held_until) > clock_timestamp(), false) as is_leased
        from operations as waiting
        where waiting.state in ('queued', 'running')
    ),
    organisation as (
        select
            unfinished.org_id,
            count(*) filter (where unfinished.is_leased) as lease_count
        from unfinished
        group by unfinished.org_id
    ),
    chosen as (
        select unfinished.org_id, unfinished.operation_id
        from unfinished
        inner join organisation on unfinished.org_id = organisation.org_id
        left join operation_turns as turn on unfinished.org_id = turn.org_id
        where not unfinished.is_leased
            and unfinished.due_at <= clock_timestamp()
            and organisation.lease_count < p_leases_max
        order by
            organisation.lease_count, turn.served_at nulls first, unfinished.org_id, unfinished.due_at,
            unfinished.operation_id
        limit 1
    )
    select
        (select chosen.org_id from chosen), (select chosen.operation_id from chosen),
        (
            select
                -- Due, and its organisation has enough at work: its other workers go on with it.
                min(case
                    when unfinished.due_at <= clock_timestamp() then 60
                    else extract(epoch from unfinished.due_at - clock_timestamp())
                end)
            from unfinished
            where not unfinished.is_leased
        )
    into org_id, operation_id, again_seconds;
    if operation_id is not null then
        update operations set held_until = clock_timestamp() + make_interval(secs => p_held_seconds)
        where operations.org_id = choose_operation_v1.org_id
            and operations.operation_id = choose_operation_v1.operation_id;
        insert into operation_turns as turn (org_id, served_at)
        values (choose_operation_v1.org_id, clock_timestamp())
        on conflict on constraint operation_turns_pkey do update set served_at = excluded.served_at;
    end if;
end
$$;

revoke all on function rollcall.choose_operation_v1(uuid, integer, double precision) from public;
grant execute on function rollcall.choose_operation_v1(uuid, integer, double precision) to rollcall_ops;
