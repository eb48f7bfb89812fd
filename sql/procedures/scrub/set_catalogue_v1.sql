-- Makes these ids an organisation's catalogue, and notes the author, where that changes anything. One call at a time
-- for an organisation, so that no two mix. Of the notes the last hundred are kept.
create or replace function rollcall.set_catalogue_v1(
    p_org_id uuid, p_item_ids text[], p_changed_by text, p_reason text
)
returns void
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_added integer;
    v_removed integer;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    perform pg_advisory_xact_lock(hashtextextended('catalogue ' || p_org_id, 0));
    delete from course_catalogues as kept where kept.org_id = p_org_id and kept.item_id <> all (p_item_ids);
    get diagnostics v_removed = row_count;
    insert into course_catalogues (org_id, item_id)
    select distinct p_org_id, given.item_id
    from unnest(p_item_ids) as given (item_id)
    order by given.item_id
    on conflict do nothing;
    get diagnostics v_added = row_count;
    if v_added + v_removed > 0 then
        insert into catalogue_changes (org_id, changed_by, reason, added, removed)
        values (p_org_id, p_changed_by, p_reason, v_added, v_removed);
        delete from catalogue_changes as kept
        where kept.org_id = p_org_id
            and kept.changed_at < (
                select past.changed_at
                from catalogue_changes as past
                where past.org_id = p_org_id
                order by past.changed_at desc
                offset 99
                limit 1
            );
    end if;
end
$$;

revoke all on function rollcall.set_catalogue_v1(uuid, text[], text, text) from public;
grant execute on function rollcall.set_catalogue_v1(uuid, text[], text, text) to rollcall_ops;
