-- The days before p_before that have a partition of this table, oldest first, as a JSON array, without restored days
-- that are kept for a while. Why oldest first: a replay of stored events relies on it (it skips lessons that began
-- before the oldest day).
create or replace function rollcall.list_expired_days_v1(p_table text, p_before date) returns jsonb
language sql
security definer
set search_path = rollcall, pg_temp
as $$
select coalesce(jsonb_agg(expired.day order by expired.day), '[]')
from (
    select to_date(right(partition.relname, 8), 'YYYYMMDD') as day
    from pg_inherits
    inner join pg_class as partition on pg_inherits.inhrelid = partition.oid
    where pg_inherits.inhparent = ('rollcall.' || p_table)::regclass
        and partition.relname ~ '_[0-9]{8}$'
) as expired
where expired.day < p_before
    and not exists (
        select from kept_days
        where kept_days.table_name = p_table and kept_days.day = expired.day and kept_days.kept_until > now()
    );
$$;

revoke all on function rollcall.list_expired_days_v1(text, date) from public;
grant execute on function rollcall.list_expired_days_v1(text, date) to rollcall_ops;
