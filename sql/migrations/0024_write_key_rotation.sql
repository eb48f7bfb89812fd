-- Write keys that are looked after over HTTP: a key may end at a time (rotation with overlap), names the key that it
-- replaces and who revoked it, and tells to the hour when it was last used. The row is the audit: it is never deleted.
-- Why a column is altered and not filled by an update: row-level security holds for the owner too.

alter table rollcall.write_keys
add column expires_at timestamptz check (expires_at >= created_at),
add column replaces_id uuid,
add column revoked_by text check (length(revoked_by) between 1 and 128),
alter column last_used_on type timestamptz using last_used_on::timestamp at time zone 'UTC';

alter table rollcall.write_keys rename column last_used_on to last_used_at;

drop function if exists rollcall.create_write_key_v1(uuid, uuid, bytea, text, text);
drop function if exists rollcall.list_write_keys_v1(uuid);
drop function if exists rollcall.revoke_write_key_v1(uuid, uuid);
