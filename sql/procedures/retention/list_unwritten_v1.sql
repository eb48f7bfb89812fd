-- The organisations of which a day's snapshot does not have every row yet, as a JSON array of objects: org_id, the next
-- part, and the key after which it begins (null: from the start).
-- Rows that were restored from a snapshot (stored_xid 1) are in one: they are not written again.
create or replace function rollcall.list_unwritten_v1(p_table text, p_day date, p_sequence integer) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_org_ids uuid[] := enter_all_organisations_v1();
    v_unwritten jsonb;
begin
    execute format(
        $query$
        select coalesce(jsonb_agg(jsonb_build_object(
            'org_id', known.org_id, 'part', coalesce(written.part, 0) + 1, 'after', written.last_key
        ) order by known.org_id), '[]')
        from unnest($1::uuid[]) as known (org_id)
        left join lateral (
            select part, last_key, is_last from snapshots
            where org_id = known.org_id and table_name = $2 and day = $3 and sequence = $4
            order by part desc
            limit 1
        ) as written on true
        where not coalesce(written.is_last, false)
            and exists (
                select from rollcall.%I as events
                where events.org_id = known.org_id and events.stored_xid <> '1'::xid8
            )
        $query$,
        partition_name_v1(p_table, p_day)
    )
    into v_unwritten
    using v_org_ids, p_table, p_day, p_sequence;
    return v_unwritten;
end
$$;

revoke all on function rollcall.list_unwritten_v1(text, date, integer) from public;
grant execute on function rollcall.list_unwritten_v1(text, date, integer) to rollcall_ops;
