-- Stores batches of scrubbed analytics events of one organisation, each event once, and notes each batch in the audit.
-- One call is one transaction over any number of batches. A second identical call changes nothing.
--
-- p_batches: a JSON array of contracts.ingest.analytics.QueuedBatch. outcomes has the events of all batches in order:
-- accepted, duplicate, conflict or learner_erased each.
create or replace function rollcall.ingest_analytics_v1(p_org_id uuid, p_batches jsonb, out outcomes text[])
language plpgsql
security definer
set search_path = rollcall, pg_temp
-- As in ingest_progress_v1: planned once a connection, and never by reading a whole table.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
    v_any_erasure boolean;
    v_any_without_kind boolean;
    v_batch_ordinals bigint[];
    v_barred_event_ids uuid[];
    v_seen_ordinals bigint[];
    v_seen_event_ids uuid[];
    v_seen_digests bytea[];
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    -- Shared with everything but an erasure, which comes before this call, or after it, as a whole.
    perform pg_advisory_xact_lock_shared(hashtextextended('rollcall.analytics/' || p_org_id, 0));
    -- As in ingest_progress_v1.
    select
        exists (select from erasures where org_id = p_org_id),
        exists (select from event_identities where org_id = p_org_id)
    into v_any_erasure, v_any_without_kind;
    if v_any_without_kind then
        perform settle_identities_v1(array[p_org_id], array(
            select (event ->> 'event_id')::uuid
            from jsonb_array_elements(p_batches) as batch
            cross join lateral jsonb_array_elements(batch -> 'events') as event
        ));
    end if;

    with incoming as materialized (
        select
            batch.ordinal as batch_ordinal, batch.received_at, batch.key_id, batch.policy_version,
            e.event_id, e.occurred_at, e.name, e.user_pseudonym, e.anonymous_pseudonym, e.session_pseudonym,
            e.properties, e.remarks, decode(e.digest, 'hex') as content_digest, erasure.is_barred,
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
        -- Events that an erased learner did, or sent, before the erasure are not stored any more. An event belongs to
        -- the first person that it names: a family's device has events of several children.
        cross join lateral (
            select
                case when v_any_erasure then is_barred_v1(
                    p_org_id, array[coalesce(e.user_pseudonym, e.anonymous_pseudonym, e.session_pseudonym)],
                    least(e.occurred_at, batch.received_at)
                ) else false end as is_barred
            offset 0
        ) as erasure
    ),
    -- The first event of each key; the others are judged against it further down. Sorted, so that no calls deadlock.
    candidate as materialized (
        select distinct on (event_id) * from incoming
        where not is_barred
        order by event_id, ordinal
    ),
    fresh as (
        insert into analytics_identities (org_id, event_id, occurred_at, content_digest)
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
            incoming.is_barred, accepted.ordinal is null and not incoming.is_barred as is_seen
        from incoming left join accepted using (ordinal)
    )
    select
        coalesce(array_agg(case when is_barred then 'learner_erased' else 'accepted' end order by ordinal), '{}'),
        array_agg(batch_ordinal order by ordinal),
        array_agg(event_id) filter (where is_barred),
        array_agg(ordinal) filter (where is_seen),
        array_agg(event_id) filter (where is_seen),
        array_agg(content_digest) filter (where is_seen)
    into outcomes, v_batch_ordinals, v_barred_event_ids, v_seen_ordinals, v_seen_event_ids, v_seen_digests
    from judged;

    if v_seen_ordinals is not null then
        outcomes := judge_seen_v2(
            'analytics', outcomes, v_seen_ordinals, array_fill(p_org_id, array[cardinality(v_seen_ordinals)]),
            v_seen_event_ids, v_seen_digests
        );
    end if;
    -- Their client has an acceptance already, from before this could be known: a receipt gives the reason.
    if v_seen_ordinals is not null or v_barred_event_ids is not null then
        insert into rejected_events as known (org_id, event_id, kind, reason, rejected_at)
        select distinct on (event_id) p_org_id, event_id, 'analytics', reason, now()
        from (
            select
                seen.event_id,
                case outcomes[seen.ordinal]
                    when 'conflict' then 'event_conflict' else outcomes[seen.ordinal]
                end as reason
            from unnest(v_seen_ordinals, v_seen_event_ids) as seen (ordinal, event_id)
            where outcomes[seen.ordinal] in ('conflict', 'learner_erased')
            union all
            select barred.event_id, 'learner_erased' from unnest(v_barred_event_ids) as barred (event_id)
        ) as refused
        order by event_id
        on conflict do nothing;
    end if;
    insert into organisations (org_id, first_seen_at) values (p_org_id, now()) on conflict do nothing;
    perform note_batches_v1(p_org_id, p_batches, v_batch_ordinals, outcomes);
end
$$;

revoke all on function rollcall.ingest_analytics_v1(uuid, jsonb) from public;
grant execute on function rollcall.ingest_analytics_v1(uuid, jsonb) to rollcall_app, rollcall_ops;
