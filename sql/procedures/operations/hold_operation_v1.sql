-- Locks an operation for a chunk of work by the holder of its lease. Returns null when the lease ended or belongs to
-- another worker: then the caller does nothing.
-- Why a lock: until the chunk commits no other worker takes the lease over, however long the chunk takes.
create or replace function rollcall.hold_operation_v1(p_org_id uuid, p_operation_id uuid, p_lease_id uuid)
returns rollcall.operations
language sql
set search_path = rollcall, pg_temp
as $$
select * from operations
where org_id = p_org_id and operation_id = p_operation_id and lease_id = p_lease_id
for update;
$$;

revoke all on function rollcall.hold_operation_v1(uuid, uuid, uuid) from public;
