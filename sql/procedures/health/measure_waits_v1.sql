-- The ages of messages as the database knows them, over all organisations: {spool_received_at, spool_latency_seconds,
-- operations_seconds, rollup_seconds}, each null without a message. For spooled batches that were loaded within
-- p_window: when the youngest was received, and the longest time that one waited since its events were received, also
-- where it was redriven. Then for how long the oldest operation that has not begun waits; and how long ago the oldest
-- live ticket of a rollup, which lasts for p_ticket, was given or renewed.
-- Why now() and not the clock: an index cannot be searched for a volatile value.
create or replace function rollcall.measure_waits_v1(p_window interval, p_ticket interval) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform enter_all_organisations_v1();
    return (
        select jsonb_build_object(
            'spool_received_at', max(received_at),
            'spool_latency_seconds', max(extract(epoch from stored_at - received_at)),
            'operations_seconds', (
                select extract(epoch from now() - min(requested_at)) from operations where state = 'queued'
            ),
            'rollup_seconds', (
                select extract(epoch from now() - min(ticket_until - p_ticket)) from rollup_tickets
                where ticket_until > now()
            )
        )
        from batch_audit
        where route in ('spool', 'analytics', 'segment', 'posthog') and route = 'spool' and stored_at > now() - p_window
    );
end
$$;

revoke all on function rollcall.measure_waits_v1(interval, interval) from public;
grant execute on function rollcall.measure_waits_v1(interval, interval) to rollcall_ops;
