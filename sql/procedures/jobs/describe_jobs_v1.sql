-- How jobs went, as a JSON array in the order of p_jobs: the last run, and counts, items, retries and durations of the
-- runs that began within p_window. Durations are those of successful runs, in milliseconds.
create or replace function rollcall.describe_jobs_v1(p_jobs text[], p_window interval) returns jsonb
language sql stable
security definer
set search_path = rollcall, pg_temp
as $$
select coalesce(jsonb_agg(jsonb_build_object(
    'job', given.job,
    'watched_since', watched_jobs.watched_since,
    'last_run', (
        select jsonb_build_object(
            'run_id', last.run_id, 'status', last.status, 'started_at', last.started_at, 'ended_at', last.ended_at,
            'items', last.items, 'retries', last.retries, 'error_code', last.error_code
        )
        from job_runs as last where last.job = given.job order by last.started_at desc limit 1
    ),
    'run_count', counts.run_count,
    'succeeded_count', counts.succeeded_count,
    'failed_count', counts.failed_count,
    'items', counts.items,
    'retries', counts.retries,
    'duration_p50_ms', counts.duration_p50_ms,
    'duration_p95_ms', counts.duration_p95_ms
) order by given.ordinal), '[]')
from unnest(p_jobs) with ordinality as given (job, ordinal)
left join watched_jobs on given.job = watched_jobs.job
cross join lateral (
    select
        count(*) as run_count,
        count(*) filter (where status = 'succeeded') as succeeded_count,
        count(*) filter (where status = 'failed') as failed_count,
        coalesce(sum(items), 0) as items,
        coalesce(sum(retries), 0) as retries,
        percentile_cont(0.5) within group (order by duration_ms) filter (where status = 'succeeded')
            as duration_p50_ms,
        percentile_cont(0.95) within group (order by duration_ms) filter (where status = 'succeeded')
            as duration_p95_ms
    from (
        select
            run.status, run.items, run.retries,
            1000 * extract(epoch from run.ended_at - run.started_at)::double precision as duration_ms
        from job_runs as run
        where run.job = given.job and run.started_at > now() - p_window
    ) as recent
) as counts;
$$;

revoke all on function rollcall.describe_jobs_v1(text[], interval) from public;
grant execute on function rollcall.describe_jobs_v1(text[], interval) to rollcall_ops;
