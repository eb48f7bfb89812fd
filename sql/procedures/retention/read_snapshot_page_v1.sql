-- The next rows of an organisation and day after a key (null: from the start), in the order of the key, as lines of
-- JSON, each with the content digest of its identity; and their number, the sum of their hashes, the key of the last
-- one, and whether no more follow. At most p_rows_max rows, and not many more bytes than p_bytes_max.
-- Why lines and not a JSON array: they go into a file as they are, without being parsed on the way.
-- Rows that were restored from a snapshot (stored_xid 1) are in a snapshot already: they are left out.
create or replace function rollcall.read_snapshot_page_v1(
    p_org_id uuid,
    p_table text,
    p_day date,
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
        p_org_id,
        p_table,
        format(
            '(select * from rollcall.%I where stored_xid <> ''1''::xid8) as stored', partition_name_v1(p_table, p_day)
        ),
        content_digest_of_v1(p_table),
        p_after, p_rows_max, p_bytes_max
    ) as page;
end
$$;

revoke all on function rollcall.read_snapshot_page_v1(uuid, text, date, jsonb, integer, integer) from public;
grant execute on function rollcall.read_snapshot_page_v1(uuid, text, date, jsonb, integer, integer) to rollcall_ops;
