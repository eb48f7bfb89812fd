-- Stores progress events of past days once, as ingest_progress_v1 stores current ones, and remembers them for later
-- imports. All of them name their organisation. outcomes has their order. One call is one transaction.
create or replace function rollcall.import_progress_v1(
    p_subject text, p_org_id uuid, p_events jsonb, p_received_at timestamptz, out outcomes text[]
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_event_ids uuid[] := array(
        select distinct (event ->> 'event_id')::uuid as event_id from jsonb_array_elements(p_events) as event
        order by event_id
    );
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    perform set_config('rollcall.batch_route', 'import', true);
    perform recall_identities_v1(p_org_id, 'progress', v_event_ids);
    select ingested.outcomes into import_progress_v1.outcomes
    from ingest_progress_v1(p_subject, array[p_org_id], p_events, p_received_at, null, null) as ingested;
    insert into imported_identities (org_id, kind, event_id, occurred_at, content_digest)
    select org_id, 'progress', event_id, occurred_at, content_digest from progress_identities
    where org_id = p_org_id and event_id = any (v_event_ids)
    order by event_id
    on conflict do nothing;
end
$$;

revoke all on function rollcall.import_progress_v1(text, uuid, jsonb, timestamptz) from public;
grant execute on function rollcall.import_progress_v1(text, uuid, jsonb, timestamptz) to rollcall_ops;
