-- Analytics events of one organisation and day that another policy than the named one scrubbed, in the order of time
-- and id, after the given position (null: from the start), at most p_limit. As JSON, in the members of
-- contracts.ingest.analytics.ScrubbedEvent, and key_id: the key that made its pseudonyms.
create or replace function rollcall.read_outdated_analytics_v1(
    p_org_id uuid,
    p_day date,
    p_policy_version text,
    p_after_occurred_at timestamptz,
    p_after_event_id uuid,
    p_limit integer
)
returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
            'event_id', found.event_id,
            'key_id', found.key_id,
            'occurred_at', found.occurred_at,
            'name', found.name,
            'user_pseudonym', found.user_pseudonym,
            'anonymous_pseudonym', found.anonymous_pseudonym,
            'session_pseudonym', found.session_pseudonym,
            'digest', found.digest
        )) || jsonb_build_object('properties', found.properties, 'remarks', found.remarks)
        order by found.occurred_at, found.event_id), '[]')
        from (
            select events.*, encode(coalesce(identity.content_digest, known.content_digest), 'hex') as digest
            from analytics_events as events
            left join analytics_identities as identity
                on events.org_id = identity.org_id and events.event_id = identity.event_id
            -- From before the ledgers were split by kind.
            left join event_identities as known
                on identity.event_id is null and events.org_id = known.org_id and events.event_id = known.event_id
            where events.org_id = p_org_id
                and (identity.event_id is not null or known.event_id is not null)
                and events.occurred_at >= p_day::timestamptz
                and events.occurred_at < (p_day + 1)::timestamptz
                and events.policy_version <> p_policy_version
                and (
                    p_after_occurred_at is null
                    or (events.occurred_at, events.event_id) > (p_after_occurred_at, p_after_event_id)
                )
            order by events.occurred_at, events.event_id
            limit p_limit
        ) as found
    );
end
$$;

revoke all on function rollcall.read_outdated_analytics_v1(
    uuid, date, text, timestamptz, uuid, integer
) from public;
grant execute on function rollcall.read_outdated_analytics_v1(
    uuid, date, text, timestamptz, uuid, integer
) to rollcall_ops;
