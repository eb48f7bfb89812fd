-- An expression in SQL for the content digest of a row in one of the tables of events: from the ledger of the row's
-- kind, or from the ledger of before the split by kind. The row is `events`, its organisation $1.
create or replace function rollcall.content_digest_of_v1(p_table text) returns text
language sql
immutable
set search_path = rollcall, pg_temp
as $$
select format(
    'coalesce((select identity.content_digest from rollcall.%I as identity'
    ' where identity.org_id = $1 and identity.event_id = events.event_id),'
    ' (select identity.content_digest from rollcall.event_identities as identity'
    ' where identity.org_id = $1 and identity.event_id = events.event_id))',
    case p_table
        when 'progress_events' then 'progress_identities'
        when 'analytics_events' then 'analytics_identities'
    end
);
$$;

revoke all on function rollcall.content_digest_of_v1(text) from public;
