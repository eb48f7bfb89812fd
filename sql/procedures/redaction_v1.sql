-- The assignments, as SQL, that take every mention of a learner out of a table's row: by the pattern $2 and the
-- identifiers $3. Columns of keys are left out: whose key names a learner is the learner's row, and goes.
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
            when kind = 'text' then '%1$I = regexp_replace(t.%1$I, $2, ''erased'', ''gi'')'
            else '%1$I = regexp_replace(regexp_replace(t.%1$I::text, ''"('' || $2 || '')"(?!:)'', ''null'', ''gi''), '
                || '$2, ''erased'', ''gi'')::jsonb'
        end, attname
    ), ', '
    order by attnum
)
from (
    select attribute.attname, attribute.attnum, attribute.atttypid::regtype::text as kind
    from pg_attribute as attribute
    where attribute.attrelid = p_table
        and attribute.attnum > 0
        and not attribute.attisdropped
        and (
            attribute.atttypid in ('text'::regtype, 'jsonb'::regtype)
            or (attribute.atttypid = 'uuid'::regtype and not attribute.attnotnull)
        )
        and not exists (
            select from pg_index
            where pg_index.indrelid = p_table
                and pg_index.indisprimary
                and attribute.attnum = any (pg_index.indkey::smallint[])
        )
) as kept;
$$;

revoke all on function rollcall.redaction_v1(regclass) from public;
