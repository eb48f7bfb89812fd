-- Every table with rows of organisations, partitions each by itself, in the order of their names: a JSON array of
-- {table, of}; `of` is the partition's parent, the table that a scratch table was restored from, or the table itself.
-- It comes from the catalogue, so that a table which the code does not name is searched too.
create or replace function rollcall.searched_tables_v1() returns jsonb
language sql
stable
security definer
set search_path = rollcall, pg_temp
as $$
select coalesce(jsonb_agg(
    jsonb_build_object(
        'table', format('%I.%I', leaf.relnamespace::regnamespace, leaf.relname),
        'of', coalesce(parent.relname, restored.table_name, leaf.relname)
    )
    order by leaf.relnamespace::regnamespace::text, leaf.relname
), '[]')
from pg_class as leaf
inner join pg_attribute as owner on leaf.oid = owner.attrelid and owner.attname = 'org_id'
left join pg_inherits on leaf.oid = pg_inherits.inhrelid
left join pg_class as parent on pg_inherits.inhparent = parent.oid
left join (values ('progress_events'), ('analytics_events')) as restored (table_name)
    on leaf.relnamespace = 'rollcall_scratch'::regnamespace and starts_with(leaf.relname, restored.table_name)
where leaf.relnamespace in ('rollcall'::regnamespace, 'rollcall_scratch'::regnamespace) and leaf.relkind = 'r';
$$;

revoke all on function rollcall.searched_tables_v1() from public;
grant execute on function rollcall.searched_tables_v1() to rollcall_ops;
