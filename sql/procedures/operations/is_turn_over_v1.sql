-- Returns whether a worker should leave an operation of this organisation for now: another organisation has an
-- operation due, and no worker, or two workers fewer than this one.
create or replace function rollcall.is_turn_over_v1(p_org_id uuid) returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config(
        'rollcall.org_ids',
        (enter_all_organisations_v1() || array[p_org_id, '00000000-0000-0000-0000-000000000000'])::text, true
    );
    return (
        with organisation as (
            select
                org_id,
                count(*) filter (where greatest(leased_until, held_until) > clock_timestamp()) as lease_count,
                bool_or(
                    coalesce(greatest(leased_until, held_until) <= clock_timestamp(), true)
                    and coalesce(due_at, requested_at) <= clock_timestamp()
                ) as is_due
            from operations
            where state in ('queued', 'running')
            group by org_id
        )
        select exists (
            select from organisation as other
            where other.is_due
                and other.org_id <> p_org_id
                and (
                    other.lease_count = 0
                    or other.lease_count + 1 < (
                        select own.lease_count from organisation as own where own.org_id = p_org_id
                    )
                )
        )
    );
end
$$;

revoke all on function rollcall.is_turn_over_v1(uuid) from public;
grant execute on function rollcall.is_turn_over_v1(uuid) to rollcall_ops;
