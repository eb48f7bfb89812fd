-- Progress events in daily partitions, and the ledger that gives each event its identity.

create type rollcall.progress_kind as enum ('started', 'progressed', 'completed');

-- Why a ledger beside the events: a unique constraint on a partitioned table must contain the partition key, so it
-- cannot say that (org_id, event_id) is one event whatever its timestamp. 16 bytes of SHA-256 tell a repetition
-- of the same content (duplicate) from another content under the same id (conflict).
create table rollcall.event_identities (
    org_id uuid not null,
    event_id uuid not null,
    occurred_at timestamptz not null,
    content_digest bytea not null check (length(content_digest) = 16),
    primary key (org_id, event_id)
);

-- Why this key order: a batch is mostly one learner's, so its rows share index pages; and replay of one learner
-- over a window is a range scan.
create table rollcall.progress_events (
    org_id uuid not null,
    user_id uuid not null,
    occurred_at timestamptz not null,
    event_id uuid not null,
    received_at timestamptz not null,
    assigned_by uuid,
    kind rollcall.progress_kind not null,
    time_spent_seconds integer not null check (time_spent_seconds between 0 and 86400),
    percent numeric(5, 2) check (percent between 0 and 100),
    course_id text not null,
    lesson_id text not null,
    attributes jsonb,
    primary key (org_id, user_id, occurred_at, event_id)
) partition by range (occurred_at);

-- Watched, and meant to stay empty: a row here says that partitions were not made ahead.
create table rollcall.progress_events_default partition of rollcall.progress_events default;

call rollcall.secure_organisation_rows('rollcall.event_identities');
call rollcall.secure_organisation_rows('rollcall.progress_events');
call rollcall.secure_organisation_rows('rollcall.progress_events_default');
