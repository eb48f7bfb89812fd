-- The value in place of an erased event's digest in the identity ledger: no content has it.
create or replace function rollcall.tombstone_v1() returns bytea
language sql
immutable
set search_path = rollcall, pg_temp
as $$
select substring(sha256(convert_to('rollcall/erased', 'UTF8')) for 16);
$$;

revoke all on function rollcall.tombstone_v1() from public;
