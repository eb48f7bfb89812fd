-- The ids in an organisation's catalogue, in order, as a JSON array.
create or replace function rollcall.read_catalogue_v1(p_org_id uuid) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select coalesce(jsonb_agg(kept.item_id order by kept.item_id collate "C"), '[]')
        from course_catalogues as kept
        where kept.org_id = p_org_id
    );
end
$$;

revoke all on function rollcall.read_catalogue_v1(uuid) from public;
grant execute on function rollcall.read_catalogue_v1(uuid) to rollcall_app, rollcall_ops;
