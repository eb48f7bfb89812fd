-- The assignments, as SQL, that remove every mention of a learner from a table's row: by the pattern $2 and the
-- identifiers $3, with the salt $6 (redact_text_v1) where rows are distinguished or joined by the text. Null: the table
-- has no column that could hold a mention; then there is nothing to change.
-- Left out are ids of things, and UUIDs that may not be null: a row whose key names a learner belongs to the learner,
-- and is deleted.
create or replace function rollcall.redaction_v1(p_table regclass) returns text
language sql
stable
set search_path = rollcall, pg_temp
as $$
select string_agg(
    format(
        case
            when kind = 'uuid' then '%1$I = case when t.%1$I::text = any ($3) then null else t.%1$I end'
            when attname ~ '_pseudonym$' then '%1$I = case when t.%1$I = any ($3) then null else t.%1$I end'
            when kind = 'jsonb' then '%1$I = redact_json_v1(t.%1$I, $2, $6)'
            when is_joined then '%1$I = redact_text_v1(t.%1$I, $2, $6)'
            else '%1$I = redact_text_v1(t.%1$I, $2)'
        end, attname
    ), ', '
    order by attnum
)
from (
    select
        attribute.attname, attribute.attnum, attribute.atttypid::regtype::text as kind,
        attribute.attname = any (joined_columns_v1()) or exists (
            select from pg_index
            where pg_index.indrelid = p_table
                and pg_index.indisunique
                and attribute.attnum = any (pg_index.indkey::smallint[])
        ) as is_joined
    from pg_attribute as attribute
    where attribute.attrelid = p_table
        and attribute.attnum > 0
        and not attribute.attisdropped
        and not attribute.attname = any (thing_columns_v1())
        and (
            attribute.atttypid in ('text'::regtype, 'jsonb'::regtype)
            or (attribute.atttypid = 'uuid'::regtype and not attribute.attnotnull)
        )
) as kept;
$$;

revoke all on function rollcall.redaction_v1(regclass) from public;
