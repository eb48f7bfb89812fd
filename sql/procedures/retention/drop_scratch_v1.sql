-- Drops scratch tables: the named one, or without a name (null) all whose time is over. Returns how many.
create or replace function rollcall.drop_scratch_v1(p_scratch_id uuid) returns integer
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_scratch scratch_tables;
    v_dropped integer := 0;
begin
    perform enter_all_organisations_v1();
    for v_scratch in
        select * from scratch_tables
        where case when p_scratch_id is null then kept_until < now() else scratch_id = p_scratch_id end
        order by scratch_id
        for update
    loop
        execute format(
            'drop table if exists rollcall_scratch.%I', scratch_name_v1(v_scratch.table_name, v_scratch.scratch_id)
        );
        delete from scratch_tables where org_id = v_scratch.org_id and scratch_id = v_scratch.scratch_id;
        v_dropped := v_dropped + 1;
    end loop;
    return v_dropped;
end
$$;

revoke all on function rollcall.drop_scratch_v1(uuid) from public;
grant execute on function rollcall.drop_scratch_v1(uuid) to rollcall_ops;
