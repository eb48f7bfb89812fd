-- The organisations whose report statistics should be refreshed now (is_report_due_v1), the longest waiting first.
create or replace function rollcall.due_report_refreshes_v1(p_now timestamptz) returns uuid[]
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_org_ids uuid[] := enter_all_organisations_v1();
    v_org_id uuid;
    v_due_ids uuid[] := '{}';
begin
    select coalesce(array_agg(known.org_id order by last.as_of nulls first, known.org_id), '{}') into v_org_ids
    from unnest(v_org_ids) as known (org_id)
    left join (select org_id, as_of from organisation_statistics) as last using (org_id);
    foreach v_org_id in array v_org_ids loop
        if is_report_due_v1(v_org_id, p_now) then
            v_due_ids := v_due_ids || v_org_id;
        end if;
    end loop;
    return v_due_ids;
end
$$;

revoke all on function rollcall.due_report_refreshes_v1(timestamptz) from public;
grant execute on function rollcall.due_report_refreshes_v1(timestamptz) to rollcall_ops;
