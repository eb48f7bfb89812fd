-- Brings the identities of these events back into the ledger of a kind that has forgotten them, from the imports'
-- memory.
create or replace function rollcall.recall_identities_v1(p_org_id uuid, p_kind text, p_event_ids uuid[]) returns void
language plpgsql
set search_path = rollcall, pg_temp
as $$
begin
    if p_kind = 'progress' then
        insert into progress_identities (org_id, event_id, occurred_at, content_digest)
        select org_id, event_id, occurred_at, content_digest from imported_identities
        where org_id = p_org_id and kind = p_kind and event_id = any (p_event_ids)
        order by event_id
        on conflict do nothing;
    else
        insert into analytics_identities (org_id, event_id, occurred_at, content_digest)
        select org_id, event_id, occurred_at, content_digest from imported_identities
        where org_id = p_org_id and kind = p_kind and event_id = any (p_event_ids)
        order by event_id
        on conflict do nothing;
    end if;
end
$$;

revoke all on function rollcall.recall_identities_v1(uuid, text, uuid[]) from public;
