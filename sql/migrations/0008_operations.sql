-- Operations: long work that a person asked for (replay, redrive, scrub), done in chunks and resumable after each.
-- Why in the database: a chunk's work and its accounting commit together, so that a kill at any moment counts nothing
-- twice; and a person can read how far it is, whatever became of the worker.

create type rollcall.operation_kind as enum ('replay', 'redrive', 'scrub');

--   queued ---> running ---> done
--      \           |  \----> failed
--       \          v
--        \----> cancelled
create type rollcall.operation_state as enum ('queued', 'running', 'done', 'failed', 'cancelled');

create table rollcall.operations (
    org_id uuid not null,
    operation_id uuid not null,
    kind rollcall.operation_kind not null,
    -- What it works on: events, the spool's archive, a queue, a day.
    source text not null check (length(source) between 1 and 80),
    state rollcall.operation_state not null default 'queued',
    parameters jsonb not null default '{}'
    check (jsonb_typeof(parameters) = 'object' and length(parameters::text) <= 16384),
    is_dry_run boolean not null default false,
    rate_per_second double precision check (rate_per_second > 0),
    requested_by text not null check (length(requested_by) between 1 and 64),
    reason text check (length(reason) between 1 and 200),
    requested_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    cancel_requested_at timestamptz,
    -- Where the next chunk begins, in the terms of its kind; null before the first.
    cursor jsonb check (length(cursor::text) <= 16384),
    -- How many chunks were done: an advance names it, so that none is counted twice.
    step_number integer not null default 0 check (step_number >= 0),
    counts jsonb not null default '{}' check (jsonb_typeof(counts) = 'object'),
    -- Faults that nobody foresaw, since the last chunk that was done.
    faults integer not null default 0 check (faults >= 0),
    error_code text check (length(error_code) between 1 and 64),
    -- Who works on it now, and until when nobody else may.
    lease_id uuid,
    leased_until timestamptz,
    primary key (org_id, operation_id),
    constraint operations_started_check
    check (state = 'cancelled' or (started_at is null) = (state = 'queued')),
    constraint operations_finished_check
    check ((finished_at is not null) = (state in ('done', 'failed', 'cancelled'))),
    constraint operations_error_check check ((error_code is not null) = (state = 'failed')),
    constraint operations_cancelled_check check (state <> 'cancelled' or cancel_requested_at is not null),
    constraint operations_lease_check
    check ((lease_id is null) = (leased_until is null) and (lease_id is null or state = 'running'))
);

-- Two replays of the same source would only do the same work twice, and two redrives would fight over messages.
create unique index operations_active on rollcall.operations (org_id, kind, source)
where state in ('queued', 'running');

-- The list of recent ones.
create index operations_by_time on rollcall.operations (org_id, kind, requested_at);

call rollcall.secure_organisation_rows('rollcall.operations');
