-- The time that queues take, over all organisations: the 95th percentile of seconds from receipt to storing, of batches
-- that came through a queue and were stored within p_window (null without any), how many those were, and for how many
-- seconds the oldest announced batch waits (null when none does).
-- Why now() and not the clock: an index cannot be searched for a volatile value.
create or replace function rollcall.measure_queues_v1(
    p_window interval,
    out latency_p95_seconds double precision,
    out stored_count bigint,
    out oldest_waits_seconds double precision
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform enter_all_organisations_v1();
    select
        percentile_cont(0.95) within group (order by extract(epoch from stored_at - received_at)::double precision),
        count(*)
    into latency_p95_seconds, stored_count
    from batch_audit
    where route in ('spool', 'analytics', 'segment', 'posthog') and stored_at > now() - p_window;

    select extract(epoch from now() - min(received_at)) into oldest_waits_seconds from queued_batches;
end
$$;

revoke all on function rollcall.measure_queues_v1(interval) from public;
grant execute on function rollcall.measure_queues_v1(interval) to rollcall_ops;
