-- A write key as JSON of contracts.ingest.write_key.WriteKey, without the digest of its secret.
create or replace function rollcall.describe_write_key_v1(p_key rollcall.write_keys) returns jsonb
language sql
stable
set search_path = rollcall, pg_temp
return to_jsonb(p_key) - 'org_id' - 'secret_digest';

revoke all on function rollcall.describe_write_key_v1(rollcall.write_keys) from public;
