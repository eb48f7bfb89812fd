-- Adds the process events among analytics events to the rollups of processes: those of an organisation from one
-- transaction id to another, both included, and between two times. Only apply_analytics_v1 calls it, once for each
-- event. A run is named by its request_id, and counted by day. A missing property counts as 'unknown', and a missing
-- currency as XXX (no currency in ISO 4217).
create or replace function rollcall.apply_processes_v1(
    p_org_id uuid, p_first xid8, p_last xid8, p_from timestamptz, p_until timestamptz
)
returns void
language sql
set search_path = rollcall, pg_temp
as $$
with reported as materialized (
    select
        name, occurred_at, (occurred_at at time zone 'UTC')::date as day,
        coalesce(left(properties ->> 'process', 128), 'unknown') as process,
        left(properties ->> 'request_id', 128) as request_id,
        left(properties ->> 'trace_id', 128) as trace_id,
        case when name in ('process_completed', 'process_failed') then event_duration_ms_v1(properties) end
        as duration_ms,
        case
            when jsonb_typeof(properties -> 'cost_amount') = 'number'
                then round(least(greatest((properties -> 'cost_amount')::numeric, -1e12), 1e12), 6)
        end as cost_amount,
        case when properties ->> 'cost_currency' ~ '^[A-Z]{3}$' then properties ->> 'cost_currency' else 'XXX' end
        as cost_currency
    from analytics_events
    where org_id = p_org_id
        and stored_xid >= p_first
        and stored_xid <= p_last
        and occurred_at >= p_from
        and occurred_at < p_until
        and name in (
            'process_started', 'process_step_completed', 'process_retry', 'process_completed', 'process_failed'
        )
),
added_daily as (
    insert into daily_process_rollups as rollup (
        org_id, day, process, started_count, step_completed_count, retry_count, completed_count, failed_count
    )
    select
        p_org_id, day, process,
        count(*) filter (where name = 'process_started'), count(*) filter (where name = 'process_step_completed'),
        count(*) filter (where name = 'process_retry'), count(*) filter (where name = 'process_completed'),
        count(*) filter (where name = 'process_failed')
    from reported
    group by day, process
    order by day, process
    on conflict (org_id, day, process) do update set
        started_count = rollup.started_count + excluded.started_count,
        step_completed_count = rollup.step_completed_count + excluded.step_completed_count,
        retry_count = rollup.retry_count + excluded.retry_count,
        completed_count = rollup.completed_count + excluded.completed_count,
        failed_count = rollup.failed_count + excluded.failed_count
),
added_durations as (
    insert into daily_process_durations as rollup (org_id, day, process, bucket, duration_count)
    select p_org_id, day, process, duration_bucket_v1(duration_ms), count(*)
    from reported
    where duration_ms is not null
    group by day, process, duration_bucket_v1(duration_ms)
    order by day, process, duration_bucket_v1(duration_ms)
    on conflict (org_id, day, process, bucket) do update set
        duration_count = rollup.duration_count + excluded.duration_count
),
added_costs as (
    insert into daily_process_costs as rollup (org_id, day, process, cost_currency, cost_amount)
    select p_org_id, day, process, cost_currency, sum(cost_amount)
    from reported
    where cost_amount is not null
    group by day, process, cost_currency
    order by day, process, cost_currency
    on conflict (org_id, day, process, cost_currency) do update set
        cost_amount = rollup.cost_amount + excluded.cost_amount
)
insert into process_runs as run (
    org_id, day, request_id, process, trace_id, started_at, last_event_at, step_completed_count, retry_count,
    completed_count, failed_count
)
select
    p_org_id, day, request_id, min(process), min(trace_id), min(occurred_at) filter (where name = 'process_started'),
    max(occurred_at), count(*) filter (where name = 'process_step_completed'),
    count(*) filter (where name = 'process_retry'), count(*) filter (where name = 'process_completed'),
    count(*) filter (where name = 'process_failed')
from reported
where request_id is not null
    -- It is unknown which runs of a frozen day were counted.
    and not exists (
        select from daily_rollups as rollup
        where rollup.org_id = p_org_id
            and rollup.source = 'analytics'
            and rollup.day = reported.day
            and rollup.is_frozen
    )
group by day, request_id
order by day, request_id
on conflict (org_id, day, request_id) do update set
    process = least(run.process, excluded.process),
    trace_id = least(run.trace_id, excluded.trace_id),
    started_at = least(run.started_at, excluded.started_at),
    last_event_at = greatest(run.last_event_at, excluded.last_event_at),
    step_completed_count = run.step_completed_count + excluded.step_completed_count,
    retry_count = run.retry_count + excluded.retry_count,
    completed_count = run.completed_count + excluded.completed_count,
    failed_count = run.failed_count + excluded.failed_count;
$$;

revoke all on function rollcall.apply_processes_v1(uuid, xid8, xid8, timestamptz, timestamptz) from public;
