-- Assigns the identities of these ids that the ledger of before has (event_identities, one for both kinds) to the
-- ledger of their kind, before the caller reads there.
--   analytics: its row is among the live analytics events.
--   progress: its row would be there if it were analytics, since its day is live and whole.
--   both: the kind cannot be known any more. Then the id is taken in either ledger, as it was before: a repetition of
--     either kind is a duplicate, and other content of either kind is a conflict. Erased ids are taken in both as well.
-- Why by the rows of analytics: they are found by their key, those of progress only with their learner.
-- Rows are locked in the order of their keys, before any ledger is written to: two callers never wait in a circle.
create or replace function rollcall.settle_identities_v1(p_org_ids uuid[], p_event_ids uuid[]) returns void
language plpgsql
set search_path = rollcall, pg_temp
as $$
begin
    -- New events have no such identity, which the key alone shows.
    if not exists (
        select from event_identities where org_id = any (p_org_ids) and event_id = any (p_event_ids)
    ) then
        return;
    end if;
    with held as materialized (
        select org_id, event_id, occurred_at, content_digest from event_identities
        where org_id = any (p_org_ids) and event_id = any (p_event_ids)
        order by org_id, event_id
        for update
    ),
    told_apart as materialized (
        select
            held.org_id, held.event_id, held.occurred_at, held.content_digest,
            case
                when held.content_digest = tombstone_v1() then 'both'
                when analytics.event_id is not null then 'analytics'
                when is_whole_analytics_day_v1(held.org_id, (held.occurred_at at time zone 'UTC')::date) then 'progress'
                else 'both'
            end as kind
        from held
        left join analytics_events as analytics
            on held.org_id = analytics.org_id
            and held.occurred_at = analytics.occurred_at
            and held.event_id = analytics.event_id
    ),
    of_progress as (
        insert into progress_identities (org_id, event_id, occurred_at, content_digest)
        select org_id, event_id, occurred_at, content_digest from told_apart
        where kind <> 'analytics'
        order by org_id, event_id
        on conflict do nothing
    ),
    of_analytics as (
        insert into analytics_identities (org_id, event_id, occurred_at, content_digest)
        select org_id, event_id, occurred_at, content_digest from told_apart
        where kind <> 'progress'
        order by org_id, event_id
        on conflict do nothing
    )
    delete from event_identities using told_apart
    where event_identities.org_id = told_apart.org_id and event_identities.event_id = told_apart.event_id;
end
$$;

revoke all on function rollcall.settle_identities_v1(uuid[], uuid[]) from public;
