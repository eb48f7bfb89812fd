-- Which organisations this transaction may see: the one place that every row-level policy asks.
-- Why a setting: procedures set it for their transaction alone, so nothing survives on a pooled connection.

create function rollcall.current_org_ids() returns uuid[]
language sql stable parallel safe
return coalesce(nullif(current_setting('rollcall.org_ids', true), ''), '{}')::uuid[];

-- Why a procedure that secures tables: new tables and new partitions get the very same policy, by one call.
create procedure rollcall.secure_organisation_rows(p_table regclass)
language plpgsql
as $$
begin
    execute format('alter table %s enable row level security', p_table);
    execute format('alter table %s force row level security', p_table);
    -- The subselect makes PostgreSQL read the setting once a statement, not once a row.
    execute format(
        'create policy organisation on %s using (org_id = any ((select rollcall.current_org_ids())::uuid[]))', p_table
    );
end
$$;

grant execute on function rollcall.current_org_ids() to rollcall_app, rollcall_ops, rollcall_reader;
