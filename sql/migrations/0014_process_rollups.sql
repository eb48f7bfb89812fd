-- Processes: long work of an application (an import, a migration) that tells of itself by analytics events named
-- process_started, process_step_completed, process_retry, process_completed and process_failed.
-- Why per day: a day's rows are computed again, and go, with the day's events, as every rollup does.

create table rollcall.daily_process_rollups (
    org_id uuid not null,
    day date not null,
    process text not null,
    started_count bigint not null check (started_count >= 0),
    step_completed_count bigint not null check (step_completed_count >= 0),
    retry_count bigint not null check (retry_count >= 0),
    completed_count bigint not null check (completed_count >= 0),
    failed_count bigint not null check (failed_count >= 0),
    primary key (org_id, day, process)
) with (fillfactor = 80);

-- How long processes took that ended, in the buckets of daily_durations.
create table rollcall.daily_process_durations (
    org_id uuid not null,
    day date not null,
    process text not null,
    bucket integer not null,
    duration_count bigint not null check (duration_count > 0),
    primary key (org_id, day, process, bucket)
) with (fillfactor = 80);

create table rollcall.daily_process_costs (
    org_id uuid not null,
    day date not null,
    process text not null,
    cost_currency text not null check (length(cost_currency) = 3),
    cost_amount numeric(24, 6) not null,
    primary key (org_id, day, process, cost_currency)
) with (fillfactor = 80);

-- What one run did on a day: which of them never ended. Gone with the day's events.
create table rollcall.process_runs (
    org_id uuid not null,
    day date not null,
    request_id text not null,
    process text not null,
    trace_id text,
    started_at timestamptz,
    last_event_at timestamptz not null,
    step_completed_count bigint not null check (step_completed_count >= 0),
    retry_count bigint not null check (retry_count >= 0),
    completed_count bigint not null check (completed_count >= 0),
    failed_count bigint not null check (failed_count >= 0),
    primary key (org_id, day, request_id)
) with (fillfactor = 80);

-- Few of many: they are listed without reading the others.
create index analytics_events_of_processes on rollcall.analytics_events (org_id, occurred_at, event_id)
where name in (
    'process_started', 'process_step_completed', 'process_retry', 'process_completed', 'process_failed'
);

call rollcall.secure_organisation_rows('rollcall.daily_process_rollups');
call rollcall.secure_organisation_rows('rollcall.daily_process_durations');
call rollcall.secure_organisation_rows('rollcall.daily_process_costs');
call rollcall.secure_organisation_rows('rollcall.process_runs');
