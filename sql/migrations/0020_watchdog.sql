-- What the watchdog remembers: since when it watches each job, which alerts there are, and which failures of runs no
-- digest has told of. No organisation and no person: it watches the deployment.

-- A job that never ran is missed from here on.
create table rollcall.watched_jobs (
    job text primary key check (job ~ '^[a-z][a-z_]{0,31}$'),
    watched_since timestamptz not null default clock_timestamp()
);

create type rollcall.alert_severity as enum ('warn', 'page');

-- One row a name, active until it is cleared; raised again, it begins anew.
create table rollcall.alerts (
    name text primary key check (name ~ '^[a-z][a-z_]{0,31}(:[a-z][a-z_]{0,31})?$'), -- noqa: RF04
    severity rollcall.alert_severity not null,
    -- Whom the last message went to: a page is a warning while pages are not let out.
    sent_as rollcall.alert_severity not null,
    detail text not null check (length(detail) between 1 and 500),
    raised_at timestamptz not null,
    -- When it was found last with this severity, or a worse one.
    found_at timestamptz not null,
    notified_at timestamptz not null,
    cleared_at timestamptz,
    check (raised_at <= found_at and raised_at <= notified_at and raised_at <= cleared_at)
);

-- As dead_letter_counts: claimed_count was read by a digest at claimed_at, told_count was published.
create table rollcall.job_failure_counts (
    failed_hour timestamptz not null,
    job text not null,
    error_code text not null,
    failed_count bigint not null check (failed_count > 0),
    claimed_count bigint not null default 0,
    told_count bigint not null default 0,
    claimed_at timestamptz,
    primary key (failed_hour, job, error_code),
    check (told_count between 0 and claimed_count),
    check (claimed_count <= failed_count)
);

create index job_failure_counts_untold on rollcall.job_failure_counts (failed_hour) where told_count < failed_count;

-- How long batches took through a queue is asked every minute. Direct progress batches pay nothing for it.
create index batch_audit_queued_by_time on rollcall.batch_audit (stored_at)
where route in ('spool', 'analytics', 'segment');

create index job_runs_running on rollcall.job_runs (started_at) where status = 'running';

create index dead_letters_open on rollcall.dead_letters (queue) where state = 'open';
