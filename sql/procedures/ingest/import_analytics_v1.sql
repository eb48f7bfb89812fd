-- Stores scrubbed analytics events of past days once, as ingest_analytics_v1 stores current ones, and remembers them
-- for later imports. One call is one transaction.
create or replace function rollcall.import_analytics_v1(p_org_id uuid, p_batches jsonb, out outcomes text[])
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_event_ids uuid[] := array(
        select distinct (event ->> 'event_id')::uuid as event_id
        from jsonb_array_elements(p_batches) as batch
        cross join lateral jsonb_array_elements(batch -> 'events') as event
        order by event_id
    );
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    perform recall_identities_v1(p_org_id, 'analytics', v_event_ids);
    select ingested.outcomes into import_analytics_v1.outcomes
    from ingest_analytics_v1(p_org_id, p_batches) as ingested;
    insert into imported_identities (org_id, kind, event_id, occurred_at, content_digest)
    select org_id, 'analytics', event_id, occurred_at, content_digest from analytics_identities
    where org_id = p_org_id and event_id = any (v_event_ids)
    order by event_id
    on conflict do nothing;
end
$$;

revoke all on function rollcall.import_analytics_v1(uuid, jsonb) from public;
grant execute on function rollcall.import_analytics_v1(uuid, jsonb) to rollcall_ops;
