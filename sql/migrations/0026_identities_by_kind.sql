-- Identity is per organisation and kind of event: a progress event and an analytics event may have the same id.
--
-- Why a ledger for each kind, and not a column in the one there is: a primary key with the kind in it would have to be
-- built over every row, while all writers wait. Two new tables take no time on a ledger of any size, and their keys are
-- as narrow as before.
-- event_identities stays as it is: what was known before kinds were told apart. Ingestion moves a row from there into
-- the ledger of its kind when its id comes again (settle_identities_v1); the rest ages out. Until this release's
-- procedures are in place, those of the last one go on using it.
create table rollcall.progress_identities (
    org_id uuid not null,
    event_id uuid not null,
    occurred_at timestamptz not null,
    content_digest bytea not null check (length(content_digest) = 16),
    primary key (org_id, event_id)
);

create table rollcall.analytics_identities (
    org_id uuid not null,
    event_id uuid not null,
    occurred_at timestamptz not null,
    content_digest bytea not null check (length(content_digest) = 16),
    primary key (org_id, event_id)
);

-- As of event_identities: they forget what is long past.
create index progress_identities_by_time
on rollcall.progress_identities using brin (occurred_at) with (pages_per_range = 32);
create index analytics_identities_by_time
on rollcall.analytics_identities using brin (occurred_at) with (pages_per_range = 32);

call rollcall.secure_organisation_rows('rollcall.progress_identities');
call rollcall.secure_organisation_rows('rollcall.analytics_identities');
