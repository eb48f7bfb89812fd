-- Write keys: what clients of the Segment batch route authenticate with. A key names its organisation, in which alone
-- it is looked for, so that row-level security holds before anyone is known.
-- Why a plain SHA-256 of the secret: it is 256 random bits, which nobody finds by trying, so a slow hash would protect
-- nothing that a fast one does not, and would be paid for at each request.

create table rollcall.write_keys (
    org_id uuid not null,
    write_key_id uuid not null,
    secret_digest bytea not null check (length(secret_digest) = 32),
    label text not null check (length(label) between 1 and 128), -- noqa: RF04
    created_by text not null check (length(created_by) between 1 and 128),
    created_at timestamptz not null default now(),
    revoked_at timestamptz check (revoked_at >= created_at),
    last_used_on date,
    primary key (org_id, write_key_id),
    unique (org_id, secret_digest)
);

call rollcall.secure_organisation_rows('rollcall.write_keys');
