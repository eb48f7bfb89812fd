-- Notes that stored events of these days were changed: their rollups are to be computed again.
-- Why it updates existing rows: the update waits for a worker that computes the day now, and may not see the change.
create or replace function rollcall.mark_stale_days_v1(p_org_id uuid, p_days date[]) returns void
language sql
set search_path = rollcall, pg_temp
as $$
insert into rollup_stale_days as stale (org_id, day)
select distinct p_org_id, day from unnest(p_days) as changed (day)
order by day
on conflict (org_id, day) do update set day = excluded.day;
$$;

revoke all on function rollcall.mark_stale_days_v1(uuid, date[]) from public;
