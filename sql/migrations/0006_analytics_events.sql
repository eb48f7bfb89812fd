-- Analytics events as they were scrubbed, in daily partitions, and a line for each batch that was stored.
-- Identity lies in event_identities, as for progress events: one id is one event, of whichever kind.

-- Why the remarks stand beside the row: what the policy removed can be told, and shown to a parent, without a value.
create table rollcall.analytics_events (
    org_id uuid not null,
    occurred_at timestamptz not null,
    event_id uuid not null,
    received_at timestamptz not null,
    name text not null check (length(name) between 1 and 128), -- noqa: RF04
    user_pseudonym text check (length(user_pseudonym) = 32),
    anonymous_pseudonym text check (length(anonymous_pseudonym) = 32),
    session_pseudonym text check (length(session_pseudonym) = 32),
    key_id text not null check (length(key_id) between 1 and 64),
    properties jsonb not null,
    policy_version text not null check (length(policy_version) between 1 and 128),
    remarks jsonb not null,
    primary key (org_id, occurred_at, event_id)
) partition by range (occurred_at);

create table rollcall.analytics_events_default partition of rollcall.analytics_events default;

-- Append-only: who sent what, when, and what came of it. Never a body.
create table rollcall.batch_audit (
    org_id uuid not null,
    batch_id uuid not null,
    part integer not null check (part >= 0),
    route text not null check (route in ('progress', 'spool', 'analytics', 'segment')),
    sent_by text not null check (length(sent_by) between 1 and 128),
    received_at timestamptz not null,
    stored_at timestamptz not null default now(),
    content_hash bytea not null check (length(content_hash) = 32),
    event_count integer not null check (event_count >= 0),
    accepted_count integer not null check (accepted_count >= 0),
    duplicate_count integer not null check (duplicate_count >= 0),
    conflict_count integer not null check (conflict_count >= 0),
    primary key (org_id, batch_id, part),
    check (accepted_count + duplicate_count + conflict_count <= event_count)
);

create index batch_audit_by_time on rollcall.batch_audit (org_id, received_at);

call rollcall.secure_organisation_rows('rollcall.analytics_events');
call rollcall.secure_organisation_rows('rollcall.analytics_events_default');
call rollcall.secure_organisation_rows('rollcall.batch_audit');
