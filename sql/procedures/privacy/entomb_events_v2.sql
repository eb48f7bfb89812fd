-- Keeps only the ids of erased events of a kind: a repetition is still known, is never stored and never counted again.
-- The content digest, which could confirm a guess of the content, is overwritten, and of the time only the day stays. A
-- null kind means either: for an archive that holds both. Returns how many events it changed.
-- An id that is not assigned to a kind yet (event_identities) gets the kind that the caller names.
create or replace function rollcall.entomb_events_v2(p_org_id uuid, p_kind text, p_event_ids uuid[]) returns integer
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_entombed integer := 0;
    v_rows integer;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    -- In the order of their keys, as in settle_identities_v1.
    with held as materialized (
        select event_id from event_identities
        where org_id = p_org_id and event_id = any (p_event_ids)
        order by event_id
        for update
    ),
    told_apart as (
        delete from event_identities using held
        where event_identities.org_id = p_org_id and event_identities.event_id = held.event_id
        returning event_identities.*
    ),
    of_progress as (
        insert into progress_identities (org_id, event_id, occurred_at, content_digest)
        select org_id, event_id, occurred_at, content_digest from told_apart
        where coalesce(p_kind, 'progress') = 'progress'
        order by org_id, event_id
        on conflict do nothing
    )
    insert into analytics_identities (org_id, event_id, occurred_at, content_digest)
    select org_id, event_id, occurred_at, content_digest from told_apart
    where coalesce(p_kind, 'analytics') = 'analytics'
    order by org_id, event_id
    on conflict do nothing;

    -- An id of an unknown kind is in both ledgers with the same digest (settle_identities_v1), and imports may remember
    -- it from there: either copy could confirm a guess of the content.
    with own as materialized (
        select event_id, content_digest from progress_identities
        where p_kind = 'progress' and org_id = p_org_id and event_id = any (p_event_ids)
        union all
        select event_id, content_digest from analytics_identities
        where p_kind = 'analytics' and org_id = p_org_id and event_id = any (p_event_ids)
    ),
    of_progress as (
        update progress_identities as other set
            content_digest = tombstone_v1(), occurred_at = date_trunc('day', other.occurred_at, 'UTC')
        from own
        where p_kind = 'analytics'
            and other.org_id = p_org_id
            and other.event_id = own.event_id
            and other.content_digest = own.content_digest
    ),
    of_analytics as (
        update analytics_identities as other set
            content_digest = tombstone_v1(), occurred_at = date_trunc('day', other.occurred_at, 'UTC')
        from own
        where p_kind = 'progress'
            and other.org_id = p_org_id
            and other.event_id = own.event_id
            and other.content_digest = own.content_digest
    )
    update imported_identities as other set
        content_digest = tombstone_v1(), occurred_at = date_trunc('day', other.occurred_at, 'UTC')
    from own
    where other.org_id = p_org_id
        and other.event_id = own.event_id
        and other.content_digest = own.content_digest;

    if coalesce(p_kind, 'progress') = 'progress' then
        update progress_identities set
            content_digest = tombstone_v1(),
            occurred_at = date_trunc('day', occurred_at, 'UTC')
        where org_id = p_org_id and event_id = any (p_event_ids);
        get diagnostics v_entombed = row_count;
    end if;
    if coalesce(p_kind, 'analytics') = 'analytics' then
        update analytics_identities set
            content_digest = tombstone_v1(),
            occurred_at = date_trunc('day', occurred_at, 'UTC')
        where org_id = p_org_id and event_id = any (p_event_ids);
        get diagnostics v_rows = row_count;
        v_entombed := v_entombed + v_rows;
    end if;
    -- The imports' memory too must not keep the digest (recall_identities_v1 would bring it back).
    update imported_identities set
        content_digest = tombstone_v1(),
        occurred_at = date_trunc('day', occurred_at, 'UTC')
    where org_id = p_org_id and kind = coalesce(p_kind, kind) and event_id = any (p_event_ids);
    return v_entombed;
end
$$;

revoke all on function rollcall.entomb_events_v2(uuid, text, uuid[]) from public;
grant execute on function rollcall.entomb_events_v2(uuid, text, uuid[]) to rollcall_ops;
