-- Keeps an alert as it is now. p_alert: contracts.jobs.alert.Alert as JSON.
create or replace function rollcall.note_alert_v1(p_alert jsonb) returns void
language sql
security definer
set search_path = rollcall, pg_temp
as $$
insert into alerts (name, severity, sent_as, detail, raised_at, found_at, notified_at, cleared_at)
select name, severity, sent_as, detail, raised_at, found_at, notified_at, cleared_at
from jsonb_to_record(p_alert) as given (
    name text, severity alert_severity, sent_as alert_severity, detail text, raised_at timestamptz,
    found_at timestamptz, notified_at timestamptz, cleared_at timestamptz
)
on conflict (name) do update set
    severity = excluded.severity,
    sent_as = excluded.sent_as,
    detail = excluded.detail,
    raised_at = excluded.raised_at,
    found_at = excluded.found_at,
    notified_at = excluded.notified_at,
    cleared_at = excluded.cleared_at;
$$;

revoke all on function rollcall.note_alert_v1(jsonb) from public;
grant execute on function rollcall.note_alert_v1(jsonb) to rollcall_ops;
