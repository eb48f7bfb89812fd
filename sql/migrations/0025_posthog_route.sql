-- Batches of PostHog's clients have a route of their own in the audit, and wait in the same queue as other analytics
-- batches: how long they took is measured with those.

alter table rollcall.batch_audit drop constraint batch_audit_route_check;
alter table rollcall.batch_audit
add constraint batch_audit_route_check check (route in ('progress', 'spool', 'analytics', 'segment', 'posthog'));

drop index rollcall.batch_audit_queued_by_time;
create index batch_audit_queued_by_time on rollcall.batch_audit (stored_at)
where route in ('spool', 'analytics', 'segment', 'posthog');
