-- Returns whether a partition has rows of organisations other than these. Row-level security hides such rows from
-- counts, so that they would be dropped unseen. The procedure lifts it until the transaction ends, which locks out
-- everyone else.
-- Why a recursion: it goes from organisation to organisation by the key, however many rows each has.
create or replace function rollcall.has_foreign_rows_v1(p_partition text, p_org_ids uuid[]) returns boolean
language plpgsql
set search_path = rollcall, pg_temp
as $$
declare
    v_has_foreign boolean;
begin
    execute format('alter table rollcall.%I no force row level security', p_partition);
    execute format(
        $query$
        with recursive present as (
            (select org_id from rollcall.%1$I order by org_id limit 1)
            union all
            select (select org_id from rollcall.%1$I where org_id > present.org_id order by org_id limit 1)
            from present
            where present.org_id is not null
        )
        select coalesce(bool_or(not org_id = any ($1)), false) from present where org_id is not null
        $query$,
        p_partition
    )
    into v_has_foreign
    using p_org_ids;
    execute format('alter table rollcall.%I force row level security', p_partition);
    return v_has_foreign;
end
$$;

revoke all on function rollcall.has_foreign_rows_v1(text, uuid[]) from public;
