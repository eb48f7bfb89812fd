-- The conditions, as SQL, that select a learner's rows of a table or partition, for erase_rows_v1 and search_rows_v1:
--   mentions: rows of the organisation $1 that name one of the identifiers, by the patterns $5 (learner_likes_v1), from
--     a page on, in the text of every column but those of thing_columns_v1;
--   is_own: whether the row belongs to the learner, by the identifiers $3;
--   is_older: whether the row was there by $4, the moment of the erasure; a later row belongs to a new beginning.
-- next_page: where the next part of a large table begins; null after the last.
-- Why LIKE: a regular expression of forty identifiers takes twenty times as long.
-- Why by pages (ranges of ctid): no index finds an identifier in any column, and a table may be too large for one call.
create or replace function rollcall.learner_rows_v1(
    p_table text,
    p_of text,
    p_from_page bigint,
    out mentions text,
    out is_own text,
    out is_older text,
    out next_page bigint
)
language plpgsql
stable
set search_path = rollcall, pg_temp
as $$
declare
    v_pages constant bigint := 1024; -- 8 MB, some 50,000 rows: a second or two
    v_table regclass := p_table::regclass;
    v_columns text[] := learner_columns_v1(p_of);
    v_moment text;
    v_text text;
begin
    if not exists (
        select from pg_class
        where oid = v_table and relnamespace in ('rollcall'::regnamespace, 'rollcall_scratch'::regnamespace)
    ) then
        raise exception 'not a table of Rollcall: %', p_table;
    end if;
    if p_from_page + v_pages < pg_relation_size(v_table) / current_setting('block_size')::bigint then
        next_page := p_from_page + v_pages;
    end if;
    select string_agg(format('t.%I', attname), ', ' order by attnum) into v_text
    from pg_attribute
    where attrelid = v_table and attnum > 0 and not attisdropped and not attname = any (thing_columns_v1());
    mentions := 't.org_id = $1 and ' || coalesce(
        format('replace(lower(row(%s)::text), ''-'', '''') like any ($5)', v_text), 'false'
    );
    if p_from_page > 0 or next_page is not null then
        mentions := mentions || format(
            ' and t.ctid >= %L::tid and t.ctid < %L::tid',
            format('(%s,0)', p_from_page), format('(%s,0)', p_from_page + v_pages)
        );
    end if;
    is_own := case when v_columns is null then 'false' else (
        select format(
            'coalesce(coalesce(%s)::text = any ($3), false)', string_agg(format('t.%I', name), ', ' order by ordinal)
        )
        from unnest(v_columns) with ordinality as given (name, ordinal)
    ) end;
    select case when attname = 'day' then '(t.day + 1)::timestamptz' else format('t.%I', attname) end into v_moment
    from pg_attribute
    inner join unnest(array[
        'received_at', 'first_activity_at', 'first_seen_at', 'assigned_at', 'requested_at', 'happened_at', 'issued_at',
        'created_at', 'started_at', 'day'
    ]) with ordinality as wanted (name, precedence) on pg_attribute.attname = wanted.name
    where attrelid = v_table
    order by precedence
    limit 1;
    is_older := case when v_moment is null then 'true' else format('coalesce(%s <= $4, true)', v_moment) end;
end
$$;

revoke all on function rollcall.learner_rows_v1(text, text, bigint) from public;
