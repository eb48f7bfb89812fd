-- Writes the audit's lines of a batch of progress events, one an organisation. The first three arrays are parallel: the
-- ordinal in p_outcomes, the organisation, and id and digest of each event that was not rejected.
-- Why an id made of the content: a batch that is sent, loaded or replayed again is the same batch, and keeps its line.
create or replace function rollcall.note_progress_batch_v1(
    p_route text, p_sent_by text, p_received_at timestamptz, p_ordinals bigint[], p_org_ids uuid[], p_contents bytea[],
    p_outcomes text[]
)
returns void
language plpgsql
set search_path = rollcall, pg_temp
as $$
begin
    insert into batch_audit (
        org_id, batch_id, part, route, sent_by, received_at, content_hash, event_count, accepted_count,
        duplicate_count, conflict_count
    )
    select
        org_id, encode(substring(content_hash for 16), 'hex')::uuid, 0,
        -- A procedure further up may set another route (import_progress_v1).
        coalesce(nullif(current_setting('rollcall.batch_route', true), ''), p_route),
        -- The batch may have waited in the spool while its sender was erased.
        case
            when p_route = 'spool' and is_barred_v1(org_id, array[p_sent_by], p_received_at) then 'erased'
            else p_sent_by
        end,
        p_received_at,
        content_hash, event_count, accepted_count, duplicate_count, conflict_count
    from (
        select
            event.org_id,
            sha256(string_agg(event.content, ''::bytea order by event.content)) as content_hash,
            count(*) as event_count,
            count(*) filter (where p_outcomes[event.ordinal] = 'accepted') as accepted_count,
            count(*) filter (where p_outcomes[event.ordinal] = 'duplicate') as duplicate_count,
            count(*) filter (where p_outcomes[event.ordinal] = 'conflict') as conflict_count
        from unnest(p_ordinals, p_org_ids, p_contents) as event (ordinal, org_id, content)
        group by event.org_id
    ) as batch
    order by org_id
    on conflict do nothing;
end
$$;

revoke all on function rollcall.note_progress_batch_v1(
    text, text, timestamptz, bigint[], uuid[], bytea[], text[]
) from public;
