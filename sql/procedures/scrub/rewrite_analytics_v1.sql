-- Writes stored analytics events of one organisation as a later policy leaves them: name, properties, remarks, version.
-- p_events: a JSON array of contracts.ingest.analytics.ScrubbedEvent. Returns how many rows it wrote.
create or replace function rollcall.rewrite_analytics_v1(p_org_id uuid, p_policy_version text, p_events jsonb)
returns integer
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_written integer;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    update analytics_events as events
    set
        name = scrubbed.name,
        properties = scrubbed.properties,
        remarks = scrubbed.remarks,
        policy_version = p_policy_version
    from jsonb_to_recordset(p_events) as scrubbed (
        event_id uuid, occurred_at timestamptz, name text, properties jsonb, remarks jsonb
    )
    where events.org_id = p_org_id
        and events.occurred_at = scrubbed.occurred_at
        and events.event_id = scrubbed.event_id;
    get diagnostics v_written = row_count;
    -- Rollups count events by name: a name that must not be kept must not stay in them either.
    perform mark_stale_days_v1(p_org_id, array(
        select (occurred_at at time zone 'UTC')::date
        from jsonb_to_recordset(p_events) as scrubbed (occurred_at timestamptz)
    ));
    return v_written;
end
$$;

revoke all on function rollcall.rewrite_analytics_v1(uuid, text, jsonb) from public;
grant execute on function rollcall.rewrite_analytics_v1(uuid, text, jsonb) to rollcall_ops;
