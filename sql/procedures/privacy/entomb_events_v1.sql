-- As entomb_events_v2, for either kind: functions of the release before call it during an upgrade in place.
create or replace function rollcall.entomb_events_v1(p_org_id uuid, p_event_ids uuid[]) returns integer
language sql
security definer
set search_path = rollcall, pg_temp
as $$
select entomb_events_v2(p_org_id, null, p_event_ids);
$$;

revoke all on function rollcall.entomb_events_v1(uuid, uuid[]) from public;
grant execute on function rollcall.entomb_events_v1(uuid, uuid[]) to rollcall_ops;
