-- Writes the audit's line of each batch, or part of one, and removes the stored events from the queued batches.
-- The arrays are parallel: one event each, its batch, and its outcome.
-- A batch that is loaded again keeps its first line: its first outcome counts.
create or replace function rollcall.note_batches_v1(
    p_org_id uuid, p_batches jsonb, p_batch_ordinals bigint[], p_outcomes text[]
)
returns void
language plpgsql
set search_path = rollcall, pg_temp
as $$
begin
    -- Of parts of one batch that are stored at the same time, the last one sees the lines of the others.
    perform from queued_batches
    where queued_batches.org_id = p_org_id
        and queued_batches.batch_id in (
            select (batch ->> 'batch_id')::uuid from jsonb_array_elements(p_batches) as batch
        )
    order by queued_batches.batch_id
    for update;

    insert into batch_audit (
        org_id, batch_id, part, route, sent_by, received_at, content_hash, event_count, accepted_count,
        duplicate_count, conflict_count
    )
    select distinct on (batch.batch_id, batch.part)
        p_org_id, batch.batch_id, batch.part, batch.route,
        -- The batch may have waited in a queue while its sender was erased.
        case when is_barred_v1(p_org_id, array[batch.sent_by], batch.received_at) then 'erased' else batch.sent_by end,
        batch.received_at,
        decode(batch.content_hash, 'hex'), coalesce(counts.event_count, 0), coalesce(counts.accepted_count, 0),
        coalesce(counts.duplicate_count, 0), coalesce(counts.conflict_count, 0)
    from rows from (
        jsonb_to_recordset(p_batches) as (
            batch_id uuid, part integer, route text, sent_by text, received_at timestamptz, content_hash text
        )
    ) with ordinality as batch (batch_id, part, route, sent_by, received_at, content_hash, ordinal)
    left join (
        select
            event.batch_ordinal, count(*) as event_count,
            count(*) filter (where event.outcome = 'accepted') as accepted_count,
            count(*) filter (where event.outcome = 'duplicate') as duplicate_count,
            count(*) filter (where event.outcome = 'conflict') as conflict_count
        from unnest(p_batch_ordinals, p_outcomes) as event (batch_ordinal, outcome)
        group by event.batch_ordinal
    ) as counts on batch.ordinal = counts.batch_ordinal
    order by batch.batch_id, batch.part, batch.ordinal
    on conflict do nothing;

    -- Stored events leave the queued batches. Events that could not be read, or that the database refused, wait until
    -- they are recorded as dead letters (record_dead_letter_v1).
    with settled as (
        select batch.batch_id, array_agg((event ->> 'event_id')::uuid) as event_ids
        from jsonb_to_recordset(p_batches) as batch (batch_id uuid, events jsonb)
        cross join lateral jsonb_array_elements(batch.events) as event
        group by batch.batch_id
    ),
    waiting as materialized (
        select
            queued.batch_id,
            array(select event_id from unnest(queued.event_ids) as event_id where event_id <> all (settled.event_ids))
                as event_ids
        from queued_batches as queued inner join settled on queued.batch_id = settled.batch_id
        where queued.org_id = p_org_id
    ),
    gone as (
        delete from queued_batches using waiting
        where queued_batches.org_id = p_org_id
            and queued_batches.batch_id = waiting.batch_id
            and cardinality(waiting.event_ids) = 0
    )
    update queued_batches set event_ids = waiting.event_ids from waiting
    where queued_batches.org_id = p_org_id
        and queued_batches.batch_id = waiting.batch_id
        and cardinality(waiting.event_ids) > 0;
end
$$;

revoke all on function rollcall.note_batches_v1(uuid, jsonb, bigint[], text[]) from public;
