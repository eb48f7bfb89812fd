-- Who was erased until when, and what the certificates say.

-- Whatever names such an identifier and happened, or reached us, until erased_at is not stored any more: what waits in
-- queues, in archives and on devices cannot be edited, and must bring nothing back.
-- Why a digest: this table outlives what it bars, and may not be the last place that names a learner. It is made by
-- learner_digest_v1, without a key, since procedures have none: who has an identifier can test for it, and nobody can
-- read it.
create table rollcall.erasures (
    org_id uuid not null,
    digest bytea not null check (length(digest) = 32),
    erased_at timestamptz not null,
    primary key (org_id, digest)
);

-- What was found where, signed. Names its learner by the same digest.
create table rollcall.privacy_certificates (
    org_id uuid not null,
    operation_id uuid not null,
    digest bytea not null check (length(digest) = 32),
    issued_at timestamptz not null,
    is_clean boolean not null,
    certificate jsonb not null check (jsonb_typeof(certificate) = 'object'),
    primary key (org_id, operation_id)
);

-- One at a time of a learner: an export must not gather what an erasure is taking away.
create unique index operations_learner_active on rollcall.operations (org_id, source)
where state in ('queued', 'running') and kind in ('erase', 'export');

call rollcall.secure_organisation_rows('rollcall.erasures');
call rollcall.secure_organisation_rows('rollcall.privacy_certificates');
