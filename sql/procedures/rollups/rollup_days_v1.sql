-- The days, in order, for which an organisation may have live rollups, from one to another (both included; null: no
-- bound): those with rollups, those with a partition of events, and those of events in a default partition.
create or replace function rollcall.rollup_days_v1(p_org_id uuid, p_from date, p_until date) returns date[]
language sql
stable
set search_path = rollcall, pg_temp
as $$
select coalesce(array_agg(day order by day), '{}')
from (
    select day from daily_rollups where org_id = p_org_id and not is_frozen
    union
    select to_date(substring(partition.relname from '[0-9]{8}$'), 'YYYYMMDD')
    from pg_inherits
    inner join pg_class as partition on pg_inherits.inhrelid = partition.oid
    where pg_inherits.inhparent in ('progress_events'::regclass, 'analytics_events'::regclass)
        and partition.relname ~ '_[0-9]{8}$'
    union
    select (occurred_at at time zone 'UTC')::date from progress_events_default where org_id = p_org_id
    union
    select (occurred_at at time zone 'UTC')::date from analytics_events_default where org_id = p_org_id
) as known
where (p_from is null or day >= p_from) and (p_until is null or day <= p_until);
$$;

revoke all on function rollcall.rollup_days_v1(uuid, date, date) from public;
