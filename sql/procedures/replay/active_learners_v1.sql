-- The next learners of an organisation with events, or with activity in a projection, from p_from until before p_to: at
-- most p_learners_max, in the order of their ids, after p_after; p_user_id alone unless that is null.
-- Why each source is read by itself first: each reads its index in order, and stops at the limit.
create or replace function rollcall.active_learners_v1(
    p_org_id uuid, p_from timestamptz, p_to timestamptz, p_user_id uuid, p_after uuid, p_learners_max integer
)
returns uuid[]
language plpgsql
set search_path = rollcall, pg_temp
as $$
declare
    v_first uuid := coalesce(p_after, p_user_id, '00000000-0000-0000-0000-000000000000');
    v_last uuid := coalesce(p_user_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
begin
    return (
        select coalesce(array_agg(user_id order by user_id), '{}')
        from (
            select user_id
            from (
                (
                    select distinct user_id from progress_events
                    where org_id = p_org_id and user_id between v_first and v_last and user_id is distinct from p_after
                        and occurred_at >= p_from and occurred_at < p_to
                    order by user_id
                    limit p_learners_max
                )
                union
                (
                    select distinct user_id from lesson_progress
                    where org_id = p_org_id and user_id between v_first and v_last and user_id is distinct from p_after
                        and last_activity_at >= p_from and first_activity_at < p_to
                    order by user_id
                    limit p_learners_max
                )
                union
                (
                    select distinct user_id from course_progress
                    where org_id = p_org_id and user_id between v_first and v_last and user_id is distinct from p_after
                        and last_activity_at >= p_from and first_activity_at < p_to
                    order by user_id
                    limit p_learners_max
                )
            ) as found
            order by user_id
            limit p_learners_max
        ) as learner
    );
end
$$;

revoke all on function rollcall.active_learners_v1(uuid, timestamptz, timestamptz, uuid, uuid, integer) from public;
