-- Under which key of the keyring an organisation's learner ids become UUIDs.
-- Why it is remembered: pseudonyms are made with the newest key, but a learner's UUID is the key of rows that are read
-- for years. Were it made with another key after a rotation, each learner would be two. So the key that was the newest
-- at an organisation's first learner id stays that of all its learner ids.

create table rollcall.learner_keys (
    org_id uuid primary key,
    key_id text not null check (length(key_id) between 1 and 128),
    created_at timestamptz not null default now()
);

call rollcall.secure_organisation_rows('rollcall.learner_keys');
