-- The changes of an organisation's catalogue with their authors, newest first, as JSON of
-- contracts.scrub.catalogue.CatalogueChange.
create or replace function rollcall.list_catalogue_changes_v1(p_org_id uuid, p_limit integer) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select coalesce(jsonb_agg(to_jsonb(latest) - 'org_id' order by latest.changed_at desc), '[]')
        from (
            select *
            from catalogue_changes as kept
            where kept.org_id = p_org_id
            order by kept.changed_at desc
            limit p_limit
        ) as latest
    );
end
$$;

revoke all on function rollcall.list_catalogue_changes_v1(uuid, integer) from public;
grant execute on function rollcall.list_catalogue_changes_v1(uuid, integer) to rollcall_ops;
