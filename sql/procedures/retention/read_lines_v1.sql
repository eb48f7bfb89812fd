-- The next rows of an organisation in a table of events or one of its partitions, after a key (null: from the start),
-- in the order of the key, as lines of JSON: the answer of read_snapshot_page_v1 and read_scratch_page_v1. p_rows: the
-- relation, whose rows are `events` below. p_digest: an expression for the content digest of a row's identity, in which
-- $1 is the organisation. Both come from the calling procedures alone, never from input.
create or replace function rollcall.read_lines_v1(
    p_org_id uuid,
    p_table text,
    p_rows text,
    p_digest text,
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
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
declare
    v_key text := snapshot_key_v1(p_table);
    v_after text := '';
begin
    if p_after is not null then
        v_after := format(
            'and (%1$s) > (select %1$s from jsonb_populate_record(null::rollcall.%2$I, $2))', v_key, p_table
        );
    end if;
    execute format(
        $query$
        with page as materialized (
            select
                (
                    to_jsonb(events) - 'stored_xid'
                    || jsonb_build_object('content_digest', encode(%4$s, 'hex'))
                )::text as line,
                hash_record_extended(events, 0) as row_hash,
                row_number() over (order by %1$s) as ordinal
            from (
                select * from %2$s
                where org_id = $1 %3$s
                order by %1$s
                limit $3 + 1
            ) as events
        ),
        chosen as materialized (
            select line, page.row_hash, ordinal
            from (select *, sum(octet_length(line)) over (order by ordinal) as bytes from page) as page
            where ordinal <= $3 and bytes - octet_length(line) < $4
        )
        select
            string_agg(line || E'\n', '' order by ordinal),
            count(*)::integer,
            sum(row_hash),
            (
                select jsonb_object_agg(member.key, member.value)
                from (select line::jsonb as row_of from chosen order by ordinal desc limit 1) as last_row
                cross join lateral jsonb_each(row_of) as member
                where member.key = any (string_to_array('%1$s', ', '))
            ),
            count(*) = (select count(*) from page)
        from chosen
        $query$,
        v_key, p_rows, v_after, p_digest
    )
    into lines, row_count, row_hash, last_key, is_last
    using p_org_id, p_after, p_rows_max, p_bytes_max;
end
$$;

revoke all on function rollcall.read_lines_v1(uuid, text, text, text, jsonb, integer, integer) from public;
