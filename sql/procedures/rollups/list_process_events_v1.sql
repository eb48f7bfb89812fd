-- Process events of an organisation, newest first, from one time to another (the end not included), at most p_limit;
-- for a next page, those before the one named by its time and id (both null: from the beginning). A JSON array of
-- {event_id, occurred_at, name, process, request_id, trace_id, step, duration_ms, cost_amount, cost_currency}, with
-- null for a missing property.
create or replace function rollcall.list_process_events_v1(
    p_org_id uuid, p_from timestamptz, p_until timestamptz, p_after_at timestamptz, p_after_id uuid, p_limit integer
)
returns jsonb
language plpgsql
stable
security definer
set search_path = rollcall, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select coalesce(jsonb_agg(jsonb_build_object(
            'event_id', event_id,
            'occurred_at', occurred_at,
            'name', name,
            'process', properties -> 'process',
            'request_id', properties -> 'request_id',
            'trace_id', properties -> 'trace_id',
            'step', properties -> 'step',
            'duration_ms', properties -> 'duration_ms',
            'cost_amount', properties -> 'cost_amount',
            'cost_currency', properties -> 'cost_currency'
        ) order by occurred_at desc, event_id desc), '[]')
        from (
            select event_id, occurred_at, name, properties
            from analytics_events
            where org_id = p_org_id
                and occurred_at >= p_from
                and occurred_at < p_until
                and name in (
                    'process_started', 'process_step_completed', 'process_retry', 'process_completed', 'process_failed'
                )
                and (p_after_at is null or (occurred_at, event_id) < (p_after_at, p_after_id))
            order by occurred_at desc, event_id desc
            limit p_limit
        ) as page
    );
end
$$;

revoke all on function rollcall.list_process_events_v1(
    uuid, timestamptz, timestamptz, timestamptz, uuid, integer
) from public;
grant execute on function rollcall.list_process_events_v1(
    uuid, timestamptz, timestamptz, timestamptz, uuid, integer
) to rollcall_ops;
