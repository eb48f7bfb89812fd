-- Where the events of an organisation with this id are now, one row a kind: stored, queued, in a dead letter, or
-- rejected with a reason. No row: not known here. A redriven dead letter is queued again; one that was discarded, or
-- stored without this event, rejected it.
-- Of an erased event only the id is known (entomb_events_v2): it is rejected for good.
-- A stored event is always stored; event_conflict says that other content under its id was refused. Of the other states
-- the latest counts. A row of an unknown kind is returned where it is the latest, or the only one.
create or replace function rollcall.find_event_v2(
    p_org_id uuid,
    p_event_id uuid,
    out state text,
    out kind text,
    out changed_at timestamptz,
    out reason text,
    out batch_id uuid,
    out dead_letter_id uuid
)
returns setof record
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return query
    with known as (
        select 'progress' as kind, occurred_at, content_digest from progress_identities
        where org_id = p_org_id and event_id = p_event_id
        union all
        select 'analytics', occurred_at, content_digest from analytics_identities
        where org_id = p_org_id and event_id = p_event_id
        union all
        -- From before the ledgers were split by kind.
        select
            case
                when identity.content_digest = tombstone_v1() then 'unknown'
                when exists (
                    select from analytics_events as analytics
                    where analytics.org_id = p_org_id
                        and analytics.occurred_at = identity.occurred_at
                        and analytics.event_id = p_event_id
                ) then 'analytics'
                else 'progress'
            end,
            identity.occurred_at, identity.content_digest
        from event_identities as identity
        where identity.org_id = p_org_id and identity.event_id = p_event_id
    ),
    found as (
        select
            case when known.content_digest = tombstone_v1() then 'rejected' else 'stored' end as state,
            known.kind, analytics.received_at as changed_at,
            case when known.content_digest = tombstone_v1() then 'learner_erased' else conflict.reason end as reason,
            null::uuid as batch_id, null::uuid as dead_letter_id, 0 as precedence
        from known
        -- By its key. The key of a progress event includes its learner, and reading a whole day would take too long.
        left join analytics_events as analytics
            on known.kind = 'analytics'
            and analytics.org_id = p_org_id
            and known.occurred_at = analytics.occurred_at
            and analytics.event_id = p_event_id
        -- The event is stored, and was sent again with other content, which was refused.
        left join rejected_events as conflict
            on conflict.org_id = p_org_id
            and conflict.event_id = p_event_id
            and known.kind = conflict.kind
            and conflict.reason = 'event_conflict'
        union all
        select 'queued', 'analytics', queued.received_at, null, queued.batch_id, null, 1
        from queued_batches as queued
        where queued.org_id = p_org_id and p_event_id = any (queued.event_ids)
        union all
        select 'rejected', rejected.kind, rejected.rejected_at, rejected.reason, null, null, 1
        from rejected_events as rejected
        where rejected.org_id = p_org_id and rejected.event_id = p_event_id
        union all
        select
            case letter.state when 'open' then 'dead_letter' when 'redriven' then 'queued' else 'rejected' end,
            case letter.queue when 'spool' then 'progress' when 'analytics' then 'analytics' else 'unknown' end,
            letter.last_failed_at,
            case letter.state
                when 'open' then letter.error_code when 'discarded' then 'discarded' when 'resolved' then 'not_stored'
            end,
            null, letter.dead_letter_id, 1
        from dead_letter_events as held
        inner join dead_letters as letter
            on held.org_id = letter.org_id and held.dead_letter_id = letter.dead_letter_id
        where held.org_id = p_org_id and held.event_id = p_event_id
    ),
    ranked as (
        select
            found.*, row_number() over every as place, row_number() over (
                partition by found.kind order by found.precedence, found.changed_at desc, found.state desc
            ) as place_in_kind
        from found
        window every as (order by found.precedence, found.changed_at desc, found.state desc)
    )
    select ranked.state, ranked.kind, ranked.changed_at, ranked.reason, ranked.batch_id, ranked.dead_letter_id
    from ranked
    where ranked.place_in_kind = 1 and (ranked.kind <> 'unknown' or ranked.place = 1)
    order by ranked.place;
end
$$;

revoke all on function rollcall.find_event_v2(uuid, uuid) from public;
grant execute on function rollcall.find_event_v2(uuid, uuid) to rollcall_ops;
