-- Stores batches of scrubbed analytics events of one organisation, each event once, and notes each batch in the audit.
-- One call is one transaction over any number of batches, and doing it twice changes nothing.
--
-- p_batches: a JSON array of contracts.analytics.QueuedBatch. outcomes answers the events of all batches in order:
--   accepted, duplicate or conflict each.
create or replace function rollcall.ingest_analytics_v1(p_org_id uuid, p_batches jsonb, out outcomes text[])
language plpgsql
security definer
set search_path = rollcall, pg_temp
-- As in ingest_progress_v1: planned once a connection, and never by reading a whole table.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
    v_batch_ordinals bigint[];
    v_seen_ordinals bigint[];
    v_seen_event_ids uuid[];
    v_seen_digests bytea[];
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);

    with incoming as materialized (
        select
            batch.ordinal as batch_ordinal, batch.received_at, batch.key_id, batch.policy_version,
            e.event_id, e.occurred_at, e.name, e.user_pseudonym, e.anonymous_pseudonym, e.session_pseudonym,
            e.properties, e.remarks, decode(e.digest, 'hex') as content_digest,
            row_number() over (order by batch.ordinal, e.ordinal) as ordinal
        from rows from (
            jsonb_to_recordset(p_batches) as (
                received_at timestamptz, key_id text, policy_version text, events jsonb
            )
        ) with ordinality as batch (received_at, key_id, policy_version, events, ordinal)
        cross join lateral rows from (
            jsonb_to_recordset(batch.events) as (
                event_id uuid, occurred_at timestamptz, name text, user_pseudonym text, anonymous_pseudonym text,
                session_pseudonym text, properties jsonb, remarks jsonb, digest text
            )
        ) with ordinality as e (
            event_id, occurred_at, name, user_pseudonym, anonymous_pseudonym, session_pseudonym, properties, remarks,
            digest, ordinal
        )
    ),
    -- The first of each key; the others are judged against it further down. Sorted, so that no two calls deadlock.
    candidate as materialized (
        select distinct on (event_id) * from incoming
        order by event_id, ordinal
    ),
    fresh as (
        insert into event_identities (org_id, event_id, occurred_at, content_digest)
        select p_org_id, event_id, occurred_at, content_digest from candidate
        order by event_id
        on conflict do nothing
        returning event_id
    ),
    accepted as materialized (
        select candidate.* from candidate inner join fresh using (event_id)
    ),
    stored as (
        insert into analytics_events (
            org_id, occurred_at, event_id, received_at, name, user_pseudonym, anonymous_pseudonym, session_pseudonym,
            key_id, properties, policy_version, remarks
        )
        select
            p_org_id, occurred_at, event_id, received_at, name, user_pseudonym, anonymous_pseudonym, session_pseudonym,
            key_id, properties, policy_version, remarks
        from accepted
    ),
    judged as (
        select
            incoming.ordinal, incoming.batch_ordinal, incoming.event_id, incoming.content_digest,
            accepted.ordinal is null as is_seen
        from incoming left join accepted using (ordinal)
    )
    select
        coalesce(array_agg('accepted'::text order by ordinal), '{}'),
        array_agg(batch_ordinal order by ordinal),
        array_agg(ordinal) filter (where is_seen),
        array_agg(event_id) filter (where is_seen),
        array_agg(content_digest) filter (where is_seen)
    into outcomes, v_batch_ordinals, v_seen_ordinals, v_seen_event_ids, v_seen_digests
    from judged;

    if v_seen_ordinals is not null then
        outcomes := judge_seen_v1(
            outcomes, v_seen_ordinals, array_fill(p_org_id, array[cardinality(v_seen_ordinals)]), v_seen_event_ids,
            v_seen_digests
        );
        -- Their client was told that they are taken, before anybody could know: whoever asks later is told.
        insert into rejected_events as known (org_id, event_id, reason, rejected_at)
        select distinct p_org_id, seen.event_id, 'event_conflict', now()
        from unnest(v_seen_ordinals, v_seen_event_ids) as seen (ordinal, event_id)
        where outcomes[seen.ordinal] = 'conflict'
        order by seen.event_id
        on conflict do nothing;
    end if;
    insert into organisations (org_id, first_seen_at) values (p_org_id, now()) on conflict do nothing;
    perform note_batches_v1(p_org_id, p_batches, v_batch_ordinals, outcomes);
end
$$;

revoke all on function rollcall.ingest_analytics_v1(uuid, jsonb) from public;
grant execute on function rollcall.ingest_analytics_v1(uuid, jsonb) to rollcall_app, rollcall_ops;
