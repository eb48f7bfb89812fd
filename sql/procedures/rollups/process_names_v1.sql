-- The names of the analytics events with which a process reports.
create or replace function rollcall.process_names_v1() returns text[]
language sql
immutable
parallel safe
return array['process_started', 'process_step_completed', 'process_retry', 'process_completed', 'process_failed'];

revoke all on function rollcall.process_names_v1() from public;
