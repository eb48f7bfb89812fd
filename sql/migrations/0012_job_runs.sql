-- Runs of scheduled jobs: what ran when, for how long, and what came of it. No organisation and no person: a job works
-- for all of them.

--   running ---> succeeded
--      |  ^
--      v  | (the same key again)
--   failed
create type rollcall.job_status as enum ('running', 'succeeded', 'failed');

create table rollcall.job_runs (
    run_id uuid primary key,
    job text not null check (job ~ '^[a-z][a-z_]{0,31}$'),
    -- What this run is for: a slot of the schedule, or what a person named. Twice the same runs once. Null when the key
    -- was forgotten: only the latest hundred of a job are remembered.
    idempotency_key text check (length(idempotency_key) between 1 and 128),
    status rollcall.job_status not null default 'running',
    started_at timestamptz not null,
    ended_at timestamptz,
    -- How long it should take; far beyond that the watchdog gives it up.
    expected_seconds integer not null check (expected_seconds > 0),
    items bigint not null default 0 check (items >= 0),
    -- How often it was started again under its key after it had failed.
    retries integer not null default 0 check (retries >= 0),
    error_code text check (length(error_code) between 1 and 64),
    unique (job, idempotency_key),
    check ((ended_at is null) = (status = 'running')),
    check (ended_at >= started_at),
    check ((error_code is not null) = (status = 'failed'))
);

create index job_runs_by_time on rollcall.job_runs (job, started_at);
