-- The active alerts, as a JSON array, the oldest first.
create or replace function rollcall.read_alerts_v1() returns jsonb
language sql stable
security definer
set search_path = rollcall, pg_temp
as $$
select coalesce(jsonb_agg(to_jsonb(alerts) order by alerts.raised_at, alerts.name), '[]')
from alerts
where alerts.cleared_at is null;
$$;

revoke all on function rollcall.read_alerts_v1() from public;
grant execute on function rollcall.read_alerts_v1() to rollcall_ops;
