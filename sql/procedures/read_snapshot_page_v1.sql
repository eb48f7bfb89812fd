-- The next rows of an organisation and day after a key (null: from the start), in the order of the key: as lines of
-- JSON, each with the content digest of its identity; how many, the sum of their hashes, the key of the last one, and
-- whether no more follow. At most p_rows_max rows, and not many more bytes than p_bytes_max.
-- Why lines and not a JSON array: they go into a file as they are, and nobody takes them apart on the way.
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
set timezone = 'UTC'
as $$
declare
    v_partition text := partition_name_v1(p_table, p_day);
    v_key text := snapshot_key_v1(p_table);
    v_after text := '';
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    if p_after is not null then
        v_after := format(
            'and (%1$s) > (select %1$s from jsonb_populate_record(null::rollcall.%2$I, $2))', v_key, v_partition
        );
    end if;
    execute format(
        $query$
        with page as materialized (
            select
                (to_jsonb(events) - 'stored_xid' || jsonb_build_object(
                    'content_digest', encode(identity.content_digest, 'hex')
                ))::text as line,
                hash_record_extended(events, 0) as row_hash,
                row_number() over (order by %1$s) as ordinal
            from (
                select * from rollcall.%2$I
                where org_id = $1 and stored_xid <> '1'::xid8 %3$s
                order by %1$s
                limit $3 + 1
            ) as events
            left join lateral (
                select content_digest from event_identities
                where org_id = $1 and event_identities.event_id = events.event_id
            ) as identity on true
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
        v_key, v_partition, v_after
    )
    into lines, row_count, row_hash, last_key, is_last
    using p_org_id, p_after, p_rows_max, p_bytes_max;
end
$$;

revoke all on function rollcall.read_snapshot_page_v1(uuid, text, date, jsonb, integer, integer) from public;
grant execute on function rollcall.read_snapshot_page_v1(uuid, text, date, jsonb, integer, integer) to rollcall_ops;
