-- Imports: events of long ago, which were never received.
--
-- imported_identities: the ledger forgets an event once nothing can bring it again by itself. A file can be imported
-- again years later. So what was imported is known for as long as an import takes events of that time, and is brought
-- back into the ledger of its kind when its id comes again.
-- Why no column of the ledgers: they are on the way of every batch, and age by the time of the event alone.
create table rollcall.imported_identities (
    org_id uuid not null,
    kind text not null check (kind in ('progress', 'analytics')),
    event_id uuid not null,
    occurred_at timestamptz not null,
    content_digest bytea not null check (length(content_digest) = 16),
    primary key (org_id, kind, event_id)
);

-- As the ledgers: what is long past is found by block ranges.
create index imported_identities_by_time
on rollcall.imported_identities using brin (occurred_at) with (pages_per_range = 32);

-- Files of snapshots whose events are known again: those that were received while their days were live, and whose
-- identities the ledger has forgotten. A file is read once.
create table rollcall.recalled_files (
    org_id uuid not null,
    table_name text not null check (table_name in ('progress_events', 'analytics_events')),
    day date not null, -- noqa: RF04
    sequence integer not null check (sequence > 0), -- noqa: RF04
    part integer not null check (part > 0),
    primary key (org_id, table_name, day, sequence, part)
);

call rollcall.secure_organisation_rows('rollcall.imported_identities');
call rollcall.secure_organisation_rows('rollcall.recalled_files');

-- Batches of imports have a route of their own in the audit: how long they waited says nothing of queues.
alter table rollcall.batch_audit drop constraint batch_audit_route_check;
alter table rollcall.batch_audit add constraint batch_audit_route_check
check (route in ('progress', 'spool', 'analytics', 'segment', 'posthog', 'import'));
