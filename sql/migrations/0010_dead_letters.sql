-- Dead letters: a ledger of what failed for good, its history, and counts for the digest. Never a body: those lie,
-- scrubbed, in the archive. A dead letter that belongs to nobody known has the nil organisation.

create table rollcall.dead_letters (
    org_id uuid not null,
    dead_letter_id uuid not null,
    queue text not null check (queue ~ '^[a-z][a-z_]{0,31}$'),
    cause text not null check (cause in ('poisoned', 'store_refused', 'receives_exhausted', 'unknown')),
    error_code text not null check (length(error_code) between 1 and 64),
    state text not null check (state in ('open', 'redriven', 'resolved', 'discarded')),
    first_failed_at timestamptz not null,
    last_failed_at timestamptz not null,
    failure_count integer not null check (failure_count > 0),
    receive_count integer not null check (receive_count >= 0),
    redrive_count integer not null default 0 check (redrive_count >= 0),
    size_bytes integer not null check (size_bytes >= 0),
    body_digest text not null check (length(body_digest) = 32),
    event_count integer not null check (event_count >= 0),
    archive_key text check (length(archive_key) between 1 and 1024),
    primary key (org_id, dead_letter_id),
    check (last_failed_at >= first_failed_at),
    check (state <> 'redriven' or redrive_count > 0),
    -- Only what could not be scrubbed has no body.
    check (archive_key is not null or error_code = 'scrub_failed')
);

create index dead_letters_by_time on rollcall.dead_letters (org_id, last_failed_at, dead_letter_id);

-- Which events lie in a dead letter, so that a receipt can be looked up.
-- Why not an array with a GIN index: its operators are not leakproof, so under row-level security none is used.
create table rollcall.dead_letter_events (
    org_id uuid not null,
    event_id uuid not null,
    dead_letter_id uuid not null,
    primary key (org_id, event_id, dead_letter_id)
);

-- Append-only. entry_id is made of what happened (the message that failed, the operation that redrove), so that what is
-- told twice stands here once, and moves its dead letter once.
create table rollcall.dead_letter_history (
    org_id uuid not null,
    dead_letter_id uuid not null,
    entry_id uuid not null,
    what text not null check (what in ('failed', 'redriven', 'redrive_failed', 'resolved', 'discarded')),
    happened_at timestamptz not null,
    code text check (length(code) between 1 and 64),
    operation_id uuid,
    acted_by text check (length(acted_by) between 1 and 64),
    reason text check (length(reason) between 1 and 200),
    primary key (org_id, dead_letter_id, entry_id),
    check ((operation_id is not null) or what in ('failed', 'resolved', 'discarded')),
    -- What a person does has a name and a reason.
    check ((acted_by is not null and reason is not null) or what in ('failed', 'resolved'))
);

create index dead_letter_history_by_operation
on rollcall.dead_letter_history (org_id, operation_id, dead_letter_id) where operation_id is not null;

-- How many messages failed, whoever's they were: the digest tells everybody on call, and names no organisation.
-- claimed_count was read by a digest at claimed_at, told_count was published.
create table rollcall.dead_letter_counts (
    failed_hour timestamptz not null,
    queue text not null,
    cause text not null,
    failed_count bigint not null check (failed_count > 0),
    claimed_count bigint not null default 0,
    told_count bigint not null default 0,
    claimed_at timestamptz,
    primary key (failed_hour, queue, cause),
    check (told_count between 0 and claimed_count),
    check (claimed_count <= failed_count)
);

-- What was not told yet is little, however long the table grows.
create index dead_letter_counts_untold on rollcall.dead_letter_counts (failed_hour) where told_count < failed_count;

call rollcall.secure_organisation_rows('rollcall.dead_letters');
call rollcall.secure_organisation_rows('rollcall.dead_letter_events');
call rollcall.secure_organisation_rows('rollcall.dead_letter_history');
