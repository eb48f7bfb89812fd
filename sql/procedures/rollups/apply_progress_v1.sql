-- Adds progress events to the rollups: those of an organisation between two transaction ids and two times, the oldest
-- transactions first and each of them whole, until there are p_events_max events (null: all). The caller makes sure
-- that each event is added once. Returns how many events it added, and the last transaction of them.
-- Why a frozen day gets no learners: its learners are forgotten, so it is unknown which of them would be new.
create or replace function rollcall.apply_progress_v1(
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
begin
    with chunk as materialized (
        select
            stored_xid, user_id, course_id, kind, (kind = 'completed')::integer as completed, time_spent_seconds,
            case
                when time_spent_seconds > 0 then duration_bucket_v1(1000 * time_spent_seconds::double precision)
            end as bucket,
            date_bin(interval '1 hour', occurred_at, timestamptz '2000-01-01 00:00Z') as hour_at,
            (occurred_at at time zone 'UTC')::date as day
        from progress_events
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
            hour_at, kind::text as name, count(*) as events, sum(completed) as completed,
            sum(time_spent_seconds) as seconds
        from chunk
        group by hour_at, kind
    ),
    per_learner as materialized (
        select
            day, course_id, user_id, count(*) as events, sum(completed) as completed, sum(time_spent_seconds) as seconds
        from chunk
        group by day, course_id, user_id
    ),
    frozen as materialized (
        select day from daily_rollups
        where org_id = p_org_id and source = 'progress' and day in (select distinct day from per_learner) and is_frozen
    ),
    new_learner as (
        insert into active_learners (org_id, source, day, learner_key)
        select distinct p_org_id, 'progress', day, user_id from per_learner
        where day not in (select day from frozen)
        order by day, user_id
        on conflict do nothing
        returning day
    ),
    new_course_learner as (
        insert into active_course_learners (org_id, day, course_id, user_id)
        select p_org_id, day, course_id, user_id from per_learner
        where day not in (select day from frozen)
        order by day, course_id, user_id
        on conflict do nothing
        returning day, course_id
    ),
    added_hourly as (
        insert into hourly_rollups as rollup (
            org_id, source, hour_at, name, event_count, completed_count, time_spent_seconds
        )
        select p_org_id, 'progress', hour_at, name, events, completed, seconds from hourly
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
        select p_org_id, 'progress', day, events, completed, seconds, coalesce(learners, 0)
        from (
            select day, sum(events) as events, sum(completed) as completed, sum(seconds) as seconds
            from per_learner
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
    added_courses as (
        insert into daily_course_rollups as rollup (
            org_id, day, course_id, event_count, completed_count, time_spent_seconds, active_learner_count
        )
        select p_org_id, day, course_id, events, completed, seconds, coalesce(learners, 0)
        from (
            select day, course_id, sum(events) as events, sum(completed) as completed, sum(seconds) as seconds
            from per_learner
            group by day, course_id
        ) as daily
        left join (
            select day, course_id, count(*) as learners from new_course_learner group by day, course_id
        ) as active using (day, course_id)
        order by day, course_id
        on conflict (org_id, day, course_id) do update set
            event_count = rollup.event_count + excluded.event_count,
            completed_count = rollup.completed_count + excluded.completed_count,
            time_spent_seconds = rollup.time_spent_seconds + excluded.time_spent_seconds,
            active_learner_count = rollup.active_learner_count + excluded.active_learner_count
    ),
    added_durations as (
        insert into daily_durations as rollup (org_id, source, day, name, bucket, duration_count)
        select p_org_id, 'progress', day, kind::text, bucket, count(*)
        from chunk
        where bucket is not null
        group by day, kind, bucket
        order by day, kind::text, bucket
        on conflict (org_id, source, day, name, bucket) do update set
            duration_count = rollup.duration_count + excluded.duration_count
    )
    select (select sum(events) from hourly), (select stored_xid from chunk order by stored_xid desc limit 1)
    into event_count, last_xid;
    event_count := coalesce(event_count, 0);
end
$$;

revoke all on function rollcall.apply_progress_v1(
    uuid, xid8, xid8, timestamptz, timestamptz, integer
) from public;
