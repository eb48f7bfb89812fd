-- An operation as its requester and its worker read it: everything but the lease and the turn.
create or replace function rollcall.describe_operation_v1(p_operation rollcall.operations) returns jsonb
language sql
stable
set search_path = rollcall, pg_temp
as $$
select to_jsonb(p_operation) - 'lease_id' - 'leased_until' - 'due_at' - 'held_until' - 'faults';
$$;

revoke all on function rollcall.describe_operation_v1(rollcall.operations) from public;
