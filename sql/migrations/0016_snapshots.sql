-- Snapshots: what retention wrote of a day before it dropped it, where that lies in the archive, and how far it is.

--   writing ---> sealed ---> verified ---> dropped
--      ^  \________|____________|
--      |       rows changed meanwhile, or an object did not come back as it was sent: written anew
create type rollcall.snapshot_state as enum ('writing', 'sealed', 'verified', 'dropped');

-- One row a day of a table, and another one for rows that came after it was dropped: the next sequence.
-- Why no org_id: a day is dropped for all organisations at once, or not at all.
create table rollcall.snapshot_days (
    table_name text not null check (table_name in ('progress_events', 'analytics_events')),
    day date not null, -- noqa: RF04
    sequence integer not null check (sequence > 0), -- noqa: RF04
    state rollcall.snapshot_state not null default 'writing',
    -- SHA-256 of the manifest; null while none speaks for the files as they are: one is written, or was not yet.
    manifest_digest bytea check (length(manifest_digest) = 32),
    -- Why it was stopped. The day stays, and is written anew by the next run.
    failure_code text check (length(failure_code) between 1 and 64),
    started_at timestamptz not null default now(),
    dropped_at timestamptz,
    -- Who works on it: retention, or whoever rewrites a file. Held as long as a function may live: there are never two.
    lease_id uuid,
    leased_until timestamptz,
    primary key (table_name, day, sequence),
    check ((dropped_at is not null) = (state = 'dropped')),
    check (manifest_digest is not null or state in ('writing', 'dropped')),
    check (failure_code is null or state = 'writing'),
    check ((lease_id is null) = (leased_until is null))
);

-- One row a file: a part of the rows of one organisation, in the order of the table's key.
create table rollcall.snapshots (
    org_id uuid not null,
    table_name text not null,
    day date not null, -- noqa: RF04
    sequence integer not null, -- noqa: RF04
    part integer not null check (part > 0),
    -- A file is never overwritten: rewritten without somebody's rows, it gets the next revision and another key.
    revision integer not null default 1 check (revision > 0),
    object_key text not null check (length(object_key) between 1 and 1024),
    row_count integer not null check (row_count > 0),
    size_bytes bigint not null check (size_bytes > 0),
    object_digest bytea not null check (length(object_digest) = 32),
    content_digest bytea not null check (length(content_digest) = 32),
    -- Sum of the hashes of its rows: what the partition's rows must still add up to when it is dropped.
    row_hash numeric not null,
    -- Where the next part begins.
    last_key jsonb not null,
    is_last boolean not null,
    verified_at timestamptz,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null check (expires_at > created_at),
    primary key (org_id, table_name, day, sequence, part),
    foreign key (table_name, day, sequence) references rollcall.snapshot_days
);

create index snapshots_by_day on rollcall.snapshots (table_name, day, sequence);

-- Days that were restored into the live tables, and until when retention leaves them alone.
create table rollcall.kept_days (
    table_name text not null check (table_name in ('progress_events', 'analytics_events')),
    day date not null, -- noqa: RF04
    kept_until timestamptz not null,
    primary key (table_name, day)
);

-- Tables of rollcall_scratch, where a snapshot was restored to be looked at.
create table rollcall.scratch_tables (
    org_id uuid not null,
    scratch_id uuid not null,
    table_name text not null check (table_name in ('progress_events', 'analytics_events')),
    created_at timestamptz not null default now(),
    kept_until timestamptz not null,
    primary key (org_id, scratch_id)
);

-- What came of restore drills. failure_code: what was not as its manifest said.
create table rollcall.restore_drills (
    org_id uuid not null,
    drill_id uuid not null,
    table_name text not null check (table_name in ('progress_events', 'analytics_events')),
    day date not null, -- noqa: RF04
    sequence integer not null check (sequence > 0), -- noqa: RF04
    row_count bigint not null check (row_count >= 0),
    duration_ms integer not null check (duration_ms >= 0),
    failure_code text check (length(failure_code) between 1 and 64),
    drilled_at timestamptz not null default now(),
    primary key (org_id, drill_id)
);

create index restore_drills_by_time on rollcall.restore_drills (drilled_at);

-- The ledger forgets what is long past. It grows in the order of time, so block ranges find that, at next to no cost
-- for those who insert.
create index event_identities_by_time on rollcall.event_identities using brin (occurred_at) with (pages_per_range = 32);

alter type rollcall.operation_kind add value 'restore';
alter type rollcall.operation_kind add value 'purge';

call rollcall.secure_organisation_rows('rollcall.snapshots');
call rollcall.secure_organisation_rows('rollcall.scratch_tables');
call rollcall.secure_organisation_rows('rollcall.restore_drills');
