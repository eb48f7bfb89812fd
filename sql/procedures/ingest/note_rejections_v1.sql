-- As note_rejections_v2, for events of no stated kind: functions of the release before call it during an upgrade in
-- place.
create or replace function rollcall.note_rejections_v1(
    p_subject text,
    p_rate_per_second double precision,
    p_burst integer,
    p_org_ids uuid[],
    p_event_ids uuid[],
    p_reasons text[],
    p_rejected_at timestamptz,
    out rate_remaining integer,
    out rate_reset_ms integer,
    out retry_after_ms integer
)
language sql
security definer
set search_path = rollcall, pg_temp
as $$
select noted.rate_remaining, noted.rate_reset_ms, noted.retry_after_ms
from note_rejections_v2(
    p_subject, p_rate_per_second, p_burst, p_org_ids, p_event_ids, p_reasons, p_rejected_at, 'unknown'
) as noted;
$$;

revoke all on function rollcall.note_rejections_v1(
    text, double precision, integer, uuid[], uuid[], text[], timestamptz
) from public;
grant execute on function rollcall.note_rejections_v1(
    text, double precision, integer, uuid[], uuid[], text[], timestamptz
) to rollcall_app;
