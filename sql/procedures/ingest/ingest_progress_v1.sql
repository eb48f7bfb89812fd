-- Stores a batch of validated progress events once: limits the rate, resolves organisations, leaves out known events,
-- stores the others and updates the projections. One call is one transaction. A second identical call changes nothing.
--
-- p_subject, p_rate_per_second, p_burst: the caller's rate; a null rate is not limited (spool, replay).
-- p_org_ids: the organisations of the caller's token; nothing outside them is read or written.
-- p_events: a JSON array of objects; outcomes has its order, each one of accepted, duplicate, conflict, org_unresolved,
-- org_ambiguous, org_forbidden, learner_erased. outcomes is null when the rate was exceeded.
create or replace function rollcall.ingest_progress_v1(
    p_subject text,
    p_org_ids uuid[],
    p_events jsonb,
    p_received_at timestamptz,
    p_rate_per_second double precision,
    p_burst integer,
    out outcomes text[],
    out rate_remaining integer,
    out rate_reset_ms integer,
    out retry_after_ms integer
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
-- The statements are the same for every batch: planned once a connection, also those of functions called here.
set plan_cache_mode = force_generic_plan
-- A plan that was made while a table was empty would read the whole table from then on, which is never right here.
set enable_seqscan = off
as $$
declare
    v_any_erasure boolean;
    v_any_without_kind boolean;
    v_any_repeated boolean;
    v_any_seen boolean;
    v_batch_ordinals bigint[];
    v_batch_org_ids uuid[];
    v_batch_contents bytea[];
    v_any_new_lesson boolean;
    v_seen_ordinals bigint[];
    v_seen_org_ids uuid[];
    v_seen_event_ids uuid[];
    v_seen_digests bytea[];
    v_moved_org_ids uuid[];
    v_moved_user_ids uuid[];
    v_moved_course_ids text[];
    v_moved_lesson_ids text[];
begin
    perform set_config('rollcall.org_ids', p_org_ids::text, true);

    if p_rate_per_second is not null then
        select remaining, reset_ms, rate.retry_after_ms into rate_remaining, rate_reset_ms, retry_after_ms
        from take_rate_v1(p_subject, p_rate_per_second, p_burst) as rate;
        if retry_after_ms > 0 then
            -- A refusal resolves no organisations: it counts for the caller's only one, or for those the events name.
            perform note_rate_refusal_v1(case when cardinality(p_org_ids) = 1 then p_org_ids else array(
                select distinct named.org_id from jsonb_to_recordset(p_events) as named (org_id uuid)
                where named.org_id = any (p_org_ids)
            ) end);
            return;
        end if;
    end if;

    -- Batches of one learner follow one another: the course projection below reads the lessons that an earlier batch
    -- committed. The locks are taken in the order of their keys, so that two batches never wait in a circle.
    perform pg_advisory_xact_lock(lock_key)
    from (
        select distinct hashtextextended((event ->> 'user_id')::uuid::text, 0) as lock_key
        from jsonb_array_elements(p_events) as event
        order by lock_key
    ) as learner;
    -- After the locks, so that an erasure comes before this batch, or after it, as a whole. The flags spare further
    -- look-ups where there is no erasure, and no identity from before the ledgers were split by kind.
    select
        exists (select from erasures where org_id = any (p_org_ids)),
        exists (select from event_identities where org_id = any (p_org_ids)),
        -- An id that comes twice in this batch, and once without its organisation.
        exists (
            select from jsonb_array_elements(p_events) as event
            group by (event ->> 'event_id')::uuid
            having count(*) > 1 and bool_or(event ->> 'org_id' is null)
        )
    into v_any_erasure, v_any_without_kind, v_any_repeated;
    if v_any_without_kind then
        perform settle_identities_v1(p_org_ids, array(
            select (event ->> 'event_id')::uuid from jsonb_array_elements(p_events) as event
        ));
    end if;

    with sent as materialized (
        select
            e.ordinal, e.event_id, e.org_id, e.user_id, e.course_id, e.lesson_id, e.kind, e.percent,
            e.time_spent_seconds, e.occurred_at, e.assigned_by, e.attributes, content.digest as content_digest,
            stored_before.org_id as stored_org_id, stored_before.is_same_content, resolution.org_ids,
            case
                when e.org_id is null then coalesce(
                    stored_before.org_id, case when cardinality(resolution.org_ids) = 1 then resolution.org_ids[1] end
                )
                when e.org_id = any (p_org_ids) then e.org_id
            end as resolved_org_id
        from rows from (
            jsonb_to_recordset(p_events) as (
                event_id uuid, org_id uuid, user_id uuid, course_id text, lesson_id text, kind progress_kind,
                percent numeric(5, 2), time_spent_seconds integer, occurred_at timestamptz, assigned_by uuid,
                attributes jsonb
            )
        ) with ordinality as e (
            event_id, org_id, user_id, course_id, lesson_id, kind, percent, time_spent_seconds, occurred_at,
            assigned_by, attributes, ordinal
        )
        -- The organisations, among those the transaction may see, that assigned this course to this learner. The case,
        -- and offset 0 as a fence, make one look-up for an event without an organisation, and none for the others.
        cross join lateral (
            select
                case when e.org_id is null then (
                    select coalesce(array_agg(assignments.org_id), '{}')
                    from assignments
                    where assignments.user_id = e.user_id
                        and assignments.course_id = e.course_id
                        and (e.assigned_by is null or assignments.assigned_by = e.assigned_by)
                ) end as org_ids
            offset 0
        ) as resolution
        -- Version 1 of the digest. It never changes, because events that were stored under it are sent again. A member
        -- that the contract gains later is added after the row, only where an event has it: inside convert_to,
        -- `|| case when e.later is null then '' else 'later' || row(e.later)::text end`.
        -- The text form of a row quotes its fields, so that two contents never read alike. The time is an epoch,
        -- because its text would depend on the session's time zone.
        cross join lateral (
            select substring(sha256(convert_to(row(
                e.user_id, e.course_id, e.lesson_id, e.kind, e.percent, e.time_spent_seconds,
                extract(epoch from e.occurred_at), e.assigned_by, e.attributes
            )::text, 'UTF8')) for 16) as digest
            offset 0
        ) as content
        -- An event without an organisation may have been stored before, for one of the caller's organisations. Then it
        -- is judged there, even if the learner's assignment has moved or ended since: first where the content is the
        -- same, then where the assignment is now. This reads under the learner's lock, so it sees what was sent while
        -- the assignment moved. Where the content differs, the event must be of the same learner: its stored row says
        -- so, or an erasure of the learner there. An id that another learner's event has decides nothing.
        left join lateral (
            select identity.org_id, identity.content_digest = content.digest as is_same_content
            from progress_identities as identity
            where e.org_id is null
                and identity.org_id = any (p_org_ids)
                and identity.event_id = e.event_id
                and (
                    identity.content_digest = content.digest
                    or coalesce((
                        select true from progress_events as row_before
                        where row_before.org_id = identity.org_id
                            and row_before.user_id = e.user_id
                            and row_before.occurred_at = identity.occurred_at
                            and row_before.event_id = identity.event_id
                    ), false)
                    or case
                        when v_any_erasure and identity.content_digest = tombstone_v1() then coalesce(is_barred_v1(
                            identity.org_id, array[e.user_id::text], least(e.occurred_at, p_received_at)
                        ), false)
                        else false
                    end
                )
            order by
                identity.content_digest <> content.digest,
                identity.org_id is distinct from resolution.org_ids[1],
                identity.org_id
            limit 1
        ) as stored_before on true
    ),
    -- The same rule within the batch, as if its events came one after another: the organisation that an event with the
    -- same content names, before or after this one; else, where this event resolves to an organisation, that of an
    -- earlier event with this learner and id.
    named as (
        select distinct on (event_id, content_digest) event_id, content_digest, org_id from sent
        where v_any_repeated and org_id = any (p_org_ids)
        order by event_id, content_digest, ordinal
    ),
    earlier as (
        select distinct on (event_id, user_id) event_id, user_id, ordinal, resolved_org_id from sent
        where v_any_repeated and resolved_org_id is not null
        order by event_id, user_id, ordinal
    ),
    placed as (
        select
            sent.*,
            case
                when sent.org_id is not null then sent.org_id
                when sent.is_same_content then sent.stored_org_id
                when sent.resolved_org_id is null then named.org_id
                else coalesce(named.org_id, sent.stored_org_id, earlier.resolved_org_id, sent.resolved_org_id)
            end as place
        from sent
        left join named on sent.event_id = named.event_id and sent.content_digest = named.content_digest
        left join earlier
            on sent.event_id = earlier.event_id and sent.user_id = earlier.user_id and sent.ordinal > earlier.ordinal
    ),
    incoming as materialized (
        select
            placed.ordinal, placed.event_id, placed.user_id, placed.course_id, placed.lesson_id, placed.kind,
            placed.percent, placed.time_spent_seconds, placed.occurred_at, placed.assigned_by, placed.attributes,
            placed.content_digest, placed.place as org_id,
            case
                when erasure.is_barred then 'learner_erased'
                when placed.place = any (p_org_ids) then 'accepted'
                when placed.org_id is not null then 'org_forbidden'
                when cardinality(placed.org_ids) = 0 then 'org_unresolved'
                else 'org_ambiguous'
            end as outcome,
            -- The same as outcome = 'accepted'. For a boolean the planner expects half of the rows and not one in 200,
            -- and joins by hash below instead of comparing every row with every other.
            case
                when erasure.is_barred then false else coalesce(placed.place = any (p_org_ids), false)
            end as is_allowed
        from placed
        -- Events that an erased learner did, or sent, before the erasure are not stored any more.
        cross join lateral (
            select
                case when v_any_erasure then coalesce(is_barred_v1(
                    coalesce(placed.place, placed.org_ids[1]), array[placed.user_id::text],
                    least(placed.occurred_at, p_received_at)
                ), false) else false end as is_barred
            offset 0
        ) as erasure
    ),
    -- The first event of each key in the batch; the others are judged against it further down.
    candidate as materialized (
        select distinct on (org_id, event_id) * from incoming
        where is_allowed
        order by org_id, event_id, ordinal
    ),
    fresh as (
        insert into progress_identities (org_id, event_id, occurred_at, content_digest)
        select org_id, event_id, occurred_at, content_digest from candidate
        order by org_id, event_id
        on conflict do nothing
        returning org_id, event_id
    ),
    accepted as materialized (
        select candidate.* from candidate inner join fresh using (org_id, event_id)
    ),
    stored as (
        insert into progress_events (
            org_id, user_id, occurred_at, event_id, received_at, assigned_by, kind, time_spent_seconds, percent,
            course_id, lesson_id, attributes
        )
        select
            org_id, user_id, occurred_at, event_id, p_received_at, assigned_by, kind, time_spent_seconds, percent,
            course_id, lesson_id, attributes
        from accepted
    ),
    moved as (
        insert into lesson_progress as lesson (
            org_id, user_id, course_id, lesson_id, percent, first_activity_at, last_activity_at, first_completed_at,
            time_spent_seconds, event_count
        )
        select
            org_id, user_id, course_id, lesson_id, max(percent), min(occurred_at), max(occurred_at),
            min(occurred_at) filter (where kind = 'completed'), sum(time_spent_seconds), count(*)
        from accepted
        group by org_id, user_id, course_id, lesson_id
        order by org_id, user_id, course_id, lesson_id
        on conflict (org_id, user_id, course_id, lesson_id) do update set
            percent = greatest(lesson.percent, excluded.percent),
            first_activity_at = least(lesson.first_activity_at, excluded.first_activity_at),
            last_activity_at = greatest(lesson.last_activity_at, excluded.last_activity_at),
            first_completed_at = least(lesson.first_completed_at, excluded.first_completed_at),
            time_spent_seconds = lesson.time_spent_seconds + excluded.time_spent_seconds,
            event_count = lesson.event_count + excluded.event_count
        -- xmax is 0 for a row that was inserted and not updated.
        returning org_id, user_id, course_id, lesson_id, xmax = 0 as is_new
    ),
    judged as (
        select
            incoming.ordinal, incoming.org_id, incoming.event_id, incoming.content_digest, incoming.outcome,
            incoming.is_allowed, incoming.is_allowed and accepted.ordinal is null as is_seen
        from incoming left join accepted using (ordinal)
    ),
    answer as (
        select
            coalesce(array_agg(outcome order by ordinal), '{}') as outcomes,
            bool_or(is_seen) as any_seen,
            array_agg(ordinal) filter (where is_seen) as seen_ordinals,
            array_agg(org_id) filter (where is_seen) as seen_org_ids,
            array_agg(event_id) filter (where is_seen) as seen_event_ids,
            array_agg(content_digest) filter (where is_seen) as seen_digests,
            array_agg(ordinal) filter (where is_allowed) as batch_ordinals,
            array_agg(org_id) filter (where is_allowed) as batch_org_ids,
            array_agg(uuid_send(event_id) || content_digest) filter (where is_allowed) as batch_contents
        from judged
    ),
    movement as (
        select
            bool_or(is_new) as any_new_lesson,
            array_agg(org_id) as org_ids, array_agg(user_id) as user_ids,
            array_agg(course_id) as course_ids, array_agg(lesson_id) as lesson_ids
        from moved
    )
    select
        answer.outcomes, answer.any_seen, answer.seen_ordinals, answer.seen_org_ids, answer.seen_event_ids,
        answer.seen_digests, answer.batch_ordinals, answer.batch_org_ids, answer.batch_contents,
        movement.any_new_lesson, movement.org_ids, movement.user_ids, movement.course_ids, movement.lesson_ids
    into
        outcomes, v_any_seen, v_seen_ordinals, v_seen_org_ids, v_seen_event_ids,
        v_seen_digests, v_batch_ordinals, v_batch_org_ids, v_batch_contents,
        v_any_new_lesson, v_moved_org_ids, v_moved_user_ids, v_moved_course_ids, v_moved_lesson_ids
    from answer cross join movement;

    if v_moved_org_ids is not null then
        perform move_course_progress_v1(v_moved_org_ids, v_moved_user_ids, v_moved_course_ids);
    end if;
    if v_any_new_lesson then
        perform note_first_use_v1(
            v_moved_org_ids, v_moved_user_ids, v_moved_course_ids, v_moved_lesson_ids, p_received_at
        );
    end if;
    if v_any_seen then
        outcomes := judge_seen_v2(
            'progress', outcomes, v_seen_ordinals, v_seen_org_ids, v_seen_event_ids, v_seen_digests
        );
    end if;
    if p_rate_per_second is null and outcomes && array['conflict', 'learner_erased'] then
        -- Their client has an acceptance already, as in ingest_analytics_v1. Spooled events name their organisation.
        insert into rejected_events (org_id, event_id, kind, reason, rejected_at)
        select distinct on (event.org_id, event.event_id)
            event.org_id, event.event_id, 'progress',
            case outcomes[event.ordinal] when 'conflict' then 'event_conflict' else 'learner_erased' end, now()
        from rows from (
            jsonb_to_recordset(p_events) as (org_id uuid, event_id uuid)
        ) with ordinality as event (org_id, event_id, ordinal)
        where event.org_id = any (p_org_ids) and outcomes[event.ordinal] in ('conflict', 'learner_erased')
        order by event.org_id, event.event_id, event.ordinal
        on conflict do nothing;
    end if;
    if v_batch_org_ids is not null then
        perform note_progress_batch_v1(
            case when p_rate_per_second is null then 'spool' else 'progress' end, p_subject, p_received_at,
            v_batch_ordinals, v_batch_org_ids, v_batch_contents, outcomes
        );
    end if;
end
$$;

revoke all on function rollcall.ingest_progress_v1(
    text, uuid[], jsonb, timestamptz, double precision, integer
) from public;
grant execute on function rollcall.ingest_progress_v1(
    text, uuid[], jsonb, timestamptz, double precision, integer
) to rollcall_app, rollcall_ops;
