-- The state of these organisations' events, as a JSON array in the order of p_org_ids: {org_id, oldest_waits_seconds,
-- received_count, rejected_counts, rate_limited_count, dead_letter_count}. Counts are of p_window (ten minutes at
-- most), those of dead letters of all open ones. Only a job may ask for organisations other than a caller's own.
-- Why one at a time: under row-level security an index is searched by the transaction's organisations too; with all of
-- them the time would grow with their square.
create or replace function rollcall.measure_organisations_v1(p_org_ids uuid[], p_window interval) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_org_id uuid;
    v_measured jsonb := '[]';
begin
    foreach v_org_id in array p_org_ids loop
        perform set_config('rollcall.org_ids', array[v_org_id]::text, true);
        v_measured := v_measured || jsonb_build_object(
            'org_id', v_org_id,
            'oldest_waits_seconds', (
                select extract(epoch from now() - min(received_at)) from queued_batches where org_id = v_org_id
            ),
            'received_count', (
                select coalesce(sum(event_count), 0) from batch_audit
                where org_id = v_org_id and received_at > now() - p_window
            ),
            'rejected_counts', (
                select coalesce(jsonb_object_agg(counted.reason, counted.event_count), '{}')
                from (
                    select reason, count(*) as event_count from rejected_events
                    where org_id = v_org_id and rejected_at > now() - p_window
                    group by reason
                ) as counted
            ),
            'rate_limited_count', (
                select coalesce(sum(refused_count), 0) from rate_refusals
                where org_id = v_org_id and minute_at > now() - p_window
            ),
            'dead_letter_count', (
                select count(*) from dead_letters where org_id = v_org_id and state = 'open'
            )
        );
    end loop;
    return v_measured;
end
$$;

revoke all on function rollcall.measure_organisations_v1(uuid[], interval) from public;
grant execute on function rollcall.measure_organisations_v1(uuid[], interval) to rollcall_ops;
