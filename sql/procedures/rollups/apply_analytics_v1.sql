-- Adds analytics events to the rollups, as apply_progress_v1 adds progress events; process events also to the rollups
-- of processes.
-- A completion is an event whose name ends in _completed. Learners are the people with a user id: the pseudonym of a
-- person who has not signed in yet would be counted again after the sign-in.
create or replace function rollcall.apply_analytics_v1(
    p_org_id uuid,
    p_after xid8,
    p_before xid8,
    p_from timestamptz,
    p_until timestamptz,
    p_events_max integer,
    out event_count bigint,
    out last_xid xid8
)
language plpgsql
set search_path = rollcall, pg_temp
as $$
declare
    v_any_process boolean;
    v_first_xid xid8;
begin
    with chunk as materialized (
        select
            stored_xid, name, user_pseudonym::uuid as learner_key,
            (right(name, 10) = '_completed')::integer as completed,
            duration_bucket_v1(event_duration_ms_v1(properties)) as bucket,
            event_seconds_v1(properties) as seconds,
            date_bin(interval '1 hour', occurred_at, timestamptz '2000-01-01 00:00Z') as hour_at,
            (occurred_at at time zone 'UTC')::date as day
        from analytics_events
        where org_id = p_org_id
            and stored_xid > p_after
            and stored_xid < p_before
            and occurred_at >= p_from
            and occurred_at < p_until
        order by stored_xid
        fetch first p_events_max rows with ties
    ),
    hourly as materialized (
        select
            hour_at, (hour_at at time zone 'UTC')::date as day, name, count(*) as events, sum(completed) as completed,
            sum(seconds) as seconds
        from chunk
        group by hour_at, name
    ),
    frozen as materialized (
        select day from daily_rollups
        where org_id = p_org_id and source = 'analytics' and day in (select distinct day from hourly) and is_frozen
    ),
    new_learner as (
        insert into active_learners (org_id, source, day, learner_key)
        select distinct p_org_id, 'analytics', day, learner_key from chunk
        where learner_key is not null and day not in (select day from frozen)
        order by day, learner_key
        on conflict do nothing
        returning day
    ),
    added_hourly as (
        insert into hourly_rollups as rollup (
            org_id, source, hour_at, name, event_count, completed_count, time_spent_seconds
        )
        select p_org_id, 'analytics', hour_at, name, events, completed, seconds from hourly
        order by hour_at, name
        on conflict (org_id, source, hour_at, name) do update set
            event_count = rollup.event_count + excluded.event_count,
            completed_count = rollup.completed_count + excluded.completed_count,
            time_spent_seconds = rollup.time_spent_seconds + excluded.time_spent_seconds
    ),
    added_daily as (
        insert into daily_rollups as rollup (
            org_id, source, day, event_count, completed_count, time_spent_seconds, active_learner_count
        )
        select p_org_id, 'analytics', day, events, completed, seconds, coalesce(learners, 0)
        from (
            select day, sum(events) as events, sum(completed) as completed, sum(seconds) as seconds
            from hourly
            group by day
        ) as daily
        left join (select day, count(*) as learners from new_learner group by day) as active using (day)
        order by day
        on conflict (org_id, source, day) do update set
            event_count = rollup.event_count + excluded.event_count,
            completed_count = rollup.completed_count + excluded.completed_count,
            time_spent_seconds = rollup.time_spent_seconds + excluded.time_spent_seconds,
            active_learner_count = rollup.active_learner_count + excluded.active_learner_count
    ),
    added_durations as (
        insert into daily_durations as rollup (org_id, source, day, name, bucket, duration_count)
        select p_org_id, 'analytics', day, name, bucket, count(*)
        from chunk
        where bucket is not null
        group by day, name, bucket
        order by day, name, bucket
        on conflict (org_id, source, day, name, bucket) do update set
            duration_count = rollup.duration_count + excluded.duration_count
    )
    select
        (select sum(events) from hourly), (select stored_xid from chunk order by stored_xid limit 1),
        (select stored_xid from chunk order by stored_xid desc limit 1),
        exists (select from hourly where name = any (process_names_v1()))
    into event_count, v_first_xid, last_xid, v_any_process;
    event_count := coalesce(event_count, 0);
    if v_any_process then
        perform apply_processes_v1(p_org_id, v_first_xid, last_xid, p_from, p_until);
    end if;
end
$$;

revoke all on function rollcall.apply_analytics_v1(
    uuid, xid8, xid8, timestamptz, timestamptz, integer
) from public;
