-- The number of ordered assignments that are not made yet, over all organisations.
create or replace function rollcall.count_pending_assignments_v1() returns bigint
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform enter_all_organisations_v1();
    return (
        select count(*)
        from pending_assignments as pending
        inner join operations using (org_id, operation_id)
        where operations.state in ('queued', 'running')
    );
end
$$;

revoke all on function rollcall.count_pending_assignments_v1() from public;
grant execute on function rollcall.count_pending_assignments_v1() to rollcall_ops;
