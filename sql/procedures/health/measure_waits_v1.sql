-- What the database knows of the ages of messages, over all organisations: {spool_received_at, spool_latency_seconds,
-- operations_seconds, rollup_seconds}, null where nothing is. Of spooled batches that were loaded within p_window, when
-- the youngest came, and how long one waited at most: since its events came, also where it was redriven; how long the
-- oldest operation waits that has not begun; how long ago the oldest live ticket of a rollup, which lasts for p_ticket,
-- was given or renewed.
-- now() and not the clock: what is volatile cannot be looked for in an index.
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
