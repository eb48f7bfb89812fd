-- As find_event_v2, the first of its rows alone: functions of the release before call it during an upgrade in place.
create or replace function rollcall.find_event_v1(
    p_org_id uuid,
    p_event_id uuid,
    out state text,
    out kind text,
    out changed_at timestamptz,
    out reason text,
    out batch_id uuid,
    out dead_letter_id uuid
)
returns setof record
language sql
security definer
set search_path = rollcall, pg_temp
as $$
select found.state, found.kind, found.changed_at, found.reason, found.batch_id, found.dead_letter_id
from find_event_v2(p_org_id, p_event_id) as found
limit 1;
$$;

revoke all on function rollcall.find_event_v1(uuid, uuid) from public;
grant execute on function rollcall.find_event_v1(uuid, uuid) to rollcall_ops;
