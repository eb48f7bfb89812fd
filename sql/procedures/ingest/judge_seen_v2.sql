-- Distinguishes a repetition (duplicate) from other content under a known id of this kind (conflict), and writes it
-- into p_outcomes. Of an erased event only the id is known (entomb_events_v2): learner_erased.
-- The arrays are parallel: the ordinal in p_outcomes, the key and the digest of each event that was seen before.
-- Why a subselect: it reads by the key, whatever the table's size was when the plan was made.
-- Why a statement of its own: the first statement's snapshot cannot see an identity that a concurrent batch committed
-- meanwhile.
create or replace function rollcall.judge_seen_v2(
    p_kind text, p_outcomes text[], p_ordinals bigint[], p_org_ids uuid[], p_event_ids uuid[], p_digests bytea[]
)
returns text[]
language sql
set search_path = rollcall, pg_temp
as $$
select array_agg(
    case
        when seen.ordinal is null then given.outcome
        else coalesce((
            select case identity.content_digest
                when seen.content_digest then 'duplicate'
                when tombstone_v1() then 'learner_erased'
                else 'conflict'
            end
            from (
                select content_digest from progress_identities
                where p_kind = 'progress' and org_id = seen.org_id and event_id = seen.event_id
                union all
                select content_digest from analytics_identities
                where p_kind = 'analytics' and org_id = seen.org_id and event_id = seen.event_id
            ) as identity
        ), 'conflict')
    end
    order by given.ordinal
)
from unnest(p_outcomes) with ordinality as given (outcome, ordinal)
left join unnest(p_ordinals, p_org_ids, p_event_ids, p_digests) as seen (ordinal, org_id, event_id, content_digest)
    on given.ordinal = seen.ordinal;
$$;

revoke all on function rollcall.judge_seen_v2(text, text[], bigint[], uuid[], uuid[], bytea[]) from public;
