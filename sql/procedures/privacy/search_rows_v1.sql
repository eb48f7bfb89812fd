-- Searches a part of one table or partition for a learner, in the text of all columns of all rows of the organisation:
-- how many rows from before the erasure mention the learner (older), and how many from after it (newer). For an export,
-- which has no erasure (p_erased_at is null), rows are those found, as a JSON array. The row of the operation at work
-- is left out. next_page: null when this was the last part.
create or replace function rollcall.search_rows_v1(
    p_org_id uuid,
    p_operation_id uuid,
    p_table text,
    p_of text,
    p_from_page bigint,
    p_identifiers text[],
    p_erased_at timestamptz,
    out older bigint,
    out newer bigint,
    out rows jsonb, -- noqa: RF04
    out next_page bigint
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
declare
    v_rows record;
    v_where text;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    v_rows := learner_rows_v1(p_table, p_of, p_from_page);
    next_page := v_rows.next_page;
    v_where := v_rows.mentions;
    if p_of = 'operations' then
        v_where := v_where || format(' and t.operation_id <> %L', p_operation_id);
    end if;
    execute format(
        'select count(*) filter (where %1$s), count(*) filter (where not %1$s), '
        || 'case when $4 is null then coalesce(jsonb_agg(to_jsonb(t)), ''[]'') end from %2$s as t where %3$s',
        case when p_erased_at is null then 'true' else v_rows.is_older end, p_table, v_where
    ) into older, newer, rows using p_org_id, null::text, p_identifiers, p_erased_at,
        learner_likes_v1(p_identifiers);
end
$$;

revoke all on function rollcall.search_rows_v1(uuid, uuid, text, text, bigint, text[], timestamptz) from public;
grant execute on function rollcall.search_rows_v1(
    uuid, uuid, text, text, bigint, text[], timestamptz
) to rollcall_ops;
