-- Where an event of an organisation is now: stored, queued, in a dead letter, or rejected with a reason. No row: not
-- known here. A dead letter that was redriven is queued again; one that was discarded, or stored without this event,
-- rejected it.
-- Of an erased event only the id is known (entomb_events_v1): it is rejected for good.
-- What is stored is stored; event_conflict says that other content under its id was refused. Of the rest, the last that
-- happened counts.
create or replace function rollcall.find_event_v1(
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
    select found.state, found.kind, found.changed_at, found.reason, found.batch_id, found.dead_letter_id
    from (
        select
            'stored' as state, case when analytics.event_id is null then 'progress' else 'analytics' end as kind,
            analytics.received_at as changed_at, conflict.reason, null::uuid as batch_id, null::uuid as dead_letter_id,
            0 as precedence
        from event_identities as identity
        -- By its key. A progress event has none without its learner, and reading all of a day's would take too long.
        left join analytics_events as analytics
            on identity.org_id = analytics.org_id
            and identity.occurred_at = analytics.occurred_at
            and identity.event_id = analytics.event_id
        -- Stored, and sent again with other content, which was refused: worth knowing.
        left join rejected_events as conflict
            on identity.org_id = conflict.org_id
            and identity.event_id = conflict.event_id
            and conflict.reason = 'event_conflict'
        where identity.org_id = p_org_id
            and identity.event_id = p_event_id
            and identity.content_digest <> tombstone_v1()
        union all
        select 'rejected', 'unknown', null, 'learner_erased', null, null, 0
        from event_identities as identity
        where identity.org_id = p_org_id
            and identity.event_id = p_event_id
            and identity.content_digest = tombstone_v1()
        union all
        select 'queued', 'analytics', queued.received_at, null, queued.batch_id, null, 1
        from queued_batches as queued
        where queued.org_id = p_org_id and p_event_id = any (queued.event_ids)
        union all
        select 'rejected', 'unknown', rejected.rejected_at, rejected.reason, null, null, 1
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
    ) as found
    order by found.precedence, found.changed_at desc, found.state desc
    limit 1;
end
$$;

revoke all on function rollcall.find_event_v1(uuid, uuid) from public;
grant execute on function rollcall.find_event_v1(uuid, uuid) to rollcall_ops;
