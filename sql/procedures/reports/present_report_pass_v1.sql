-- Presents a pass for the rest of the transaction, and returns the organisation that is asked for: an argument of the
-- report's procedure, so that the pass stands before the procedure reads anything, in one round trip.
create or replace function rollcall.present_report_pass_v1(p_pass text, p_org_id uuid) returns uuid
language plpgsql
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.report_pass', p_pass, true);
    return p_org_id;
end
$$;

revoke all on function rollcall.present_report_pass_v1(text, uuid) from public;
grant execute on function rollcall.present_report_pass_v1(text, uuid) to rollcall_reader;
