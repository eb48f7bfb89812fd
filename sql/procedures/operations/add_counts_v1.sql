-- Adds two objects of counts, name by name.
create or replace function rollcall.add_counts_v1(p_counts jsonb, p_more jsonb) returns jsonb
language sql
immutable
set search_path = rollcall, pg_temp
as $$
select coalesce(jsonb_object_agg(name, total), '{}')
from (
    select name, sum(number::bigint) as total
    from (
        select counts.key as name, counts.value as number from jsonb_each_text(p_counts) as counts
        union all
        select more.key as name, more.value as number from jsonb_each_text(p_more) as more
    ) as numbers
    group by name
) as totals;
$$;

revoke all on function rollcall.add_counts_v1(jsonb, jsonb) from public;
