-- What clients are advised to keep to, in one row; and assignments that are ordered in bulk.

-- Why a row: watch sees the whole picture and writes it; each ingest statement reads it in its own round trip.
create table rollcall.advice (
    only_row boolean primary key default true check (only_row),
    flush_interval_ms integer not null check (flush_interval_ms >= 0),
    batch_size integer not null check (batch_size >= 1),
    pause_until timestamptz,
    -- Spooled batches, as watch saw them; null when nobody knew.
    backlog integer check (backlog >= 0),
    written_at timestamptz not null default clock_timestamp()
);

-- An order of assignments is an operation (flows/operate.py); a small one is done in the call that asks for it.
alter type rollcall.operation_kind add value 'assign';

-- Which key of a client's asked for which operation, so that asking again does nothing twice. Digests, since a key may
-- say anything: of the key, and of what was asked for.
create table rollcall.assignment_requests (
    org_id uuid not null,
    key_digest bytea not null check (length(key_digest) = 32),
    content_digest bytea not null check (length(content_digest) = 32),
    operation_id uuid not null,
    requested_at timestamptz not null default now(),
    primary key (org_id, key_digest)
);

create index assignment_requests_by_time on rollcall.assignment_requests (requested_at);

-- Who is still to be assigned; the operation's parameters say to what. Those of a cancelled one stay until they age.
create table rollcall.pending_assignments (
    org_id uuid not null,
    operation_id uuid not null,
    user_id uuid not null,
    requested_at timestamptz not null default now(),
    primary key (org_id, operation_id, user_id)
);

create index pending_assignments_by_time on rollcall.pending_assignments (requested_at);
-- An erasure asks for a learner's.
create index pending_assignments_by_learner on rollcall.pending_assignments (org_id, user_id);

call rollcall.secure_organisation_rows('rollcall.assignment_requests');
call rollcall.secure_organisation_rows('rollcall.pending_assignments');
