-- The figures by which the watchdog judges jobs, as a JSON array in the order of p_jobs: {job, watched_since,
-- last_started_at, ended_count, failed_count, failed_in_a_row}. Counts are those of runs that ended within p_window;
-- failed_in_a_row counts the latest runs, of any time, that all failed. A new job is watched from now on.
create or replace function rollcall.measure_jobs_v1(p_jobs text[], p_window interval) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    insert into watched_jobs (job)
    select distinct job from unnest(p_jobs) as given (job)
    order by job
    on conflict do nothing;

    return (
        select coalesce(jsonb_agg(jsonb_build_object(
            'job', given.job,
            'watched_since', watched_jobs.watched_since,
            'last_started_at', (select max(started_at) from job_runs where job_runs.job = given.job),
            'ended_count', counts.ended_count,
            'failed_count', counts.failed_count,
            'failed_in_a_row', (
                select count(*) from job_runs as latest
                where latest.job = given.job
                    and latest.status = 'failed'
                    and latest.started_at > coalesce((
                        select max(succeeded.started_at) from job_runs as succeeded
                        where succeeded.job = given.job and succeeded.status = 'succeeded'
                    ), '-infinity')
            )
        ) order by given.ordinal), '[]')
        from unnest(p_jobs) with ordinality as given (job, ordinal)
        inner join watched_jobs on given.job = watched_jobs.job
        cross join lateral (
            select count(*) as ended_count, count(*) filter (where recent.status = 'failed') as failed_count
            from job_runs as recent
            where recent.job = given.job and recent.ended_at > now() - p_window
                -- A run never takes a day, so one that ended since then began a day earlier at most: the index has it.
                and recent.started_at > now() - p_window - interval '1 day'
        ) as counts
    );
end
$$;

revoke all on function rollcall.measure_jobs_v1(text[], interval) from public;
grant execute on function rollcall.measure_jobs_v1(text[], interval) to rollcall_ops;
