-- Forgets batches that were announced and could not be queued: their client was asked to send them again.
create or replace function rollcall.withdraw_batches_v1(p_org_ids uuid[], p_batch_ids uuid[]) returns integer
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_withdrawn integer;
begin
    perform set_config('rollcall.org_ids', p_org_ids::text, true);
    delete from queued_batches where batch_id = any (p_batch_ids) and org_id = any (p_org_ids);
    get diagnostics v_withdrawn = row_count;
    return v_withdrawn;
end
$$;

revoke all on function rollcall.withdraw_batches_v1(uuid[], uuid[]) from public;
grant execute on function rollcall.withdraw_batches_v1(uuid[], uuid[]) to rollcall_app;
