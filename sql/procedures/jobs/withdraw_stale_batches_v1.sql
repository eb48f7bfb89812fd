-- Forgets announced batches that never reached their queue, and returns how many: a function died between announcing
-- and queueing, so no client got an acceptance. It takes batches older than p_age while the queue is empty; and batches
-- that were overtaken: a batch received p_overtaken after them is stored, which is longer than any pause between two
-- receives.
-- A withdrawn batch that arrives after all is stored like any other: only its receipt was missing meanwhile.
create or replace function rollcall.withdraw_stale_batches_v1(
    p_age interval, p_overtaken interval, p_queue_is_empty boolean
)
returns integer
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_latest timestamptz;
    v_withdrawn integer;
begin
    perform enter_all_organisations_v1();
    select max(received_at) into v_latest
    from batch_audit
    where route in ('spool', 'analytics', 'segment', 'posthog') and stored_at > now() - p_age;

    delete from queued_batches
    where received_at < now() - p_age
        and (p_queue_is_empty or received_at < v_latest - p_overtaken);
    get diagnostics v_withdrawn = row_count;
    return v_withdrawn;
end
$$;

revoke all on function rollcall.withdraw_stale_batches_v1(interval, interval, boolean) from public;
grant execute on function rollcall.withdraw_stale_batches_v1(interval, interval, boolean) to rollcall_ops;
