-- The next rows of a scratch table, in the same form as read_snapshot_page_v1: restored rows equal the written ones
-- when both have the same digest.
create or replace function rollcall.read_scratch_page_v1(
    p_org_id uuid,
    p_table text,
    p_scratch_id uuid,
    p_after jsonb,
    p_rows_max integer,
    p_bytes_max integer,
    out lines text,
    out row_count integer,
    out row_hash numeric,
    out last_key jsonb,
    out is_last boolean
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    select page.lines, page.row_count, page.row_hash, page.last_key, page.is_last
    into lines, row_count, row_hash, last_key, is_last
    from read_lines_v1(
        p_org_id, p_table, format('rollcall_scratch.%I', scratch_name_v1(p_table, p_scratch_id)),
        'events.content_digest', p_after, p_rows_max, p_bytes_max
    ) as page;
end
$$;

revoke all on function rollcall.read_scratch_page_v1(uuid, text, uuid, jsonb, integer, integer) from public;
grant execute on function rollcall.read_scratch_page_v1(uuid, text, uuid, jsonb, integer, integer) to rollcall_ops;
