-- What is new since a consumer looked last: each event knows the transaction that stored it.
-- Why not a serial: commits overtake each other, so the highest number seen says nothing of those below it that are
-- still to come. Below the oldest transaction that runs, no more will come.
-- Why no rewrite: the default is evaluated once, so events of before all belong to the transaction of this migration.
alter table rollcall.progress_events add column stored_xid xid8 not null default pg_current_xact_id();
alter table rollcall.analytics_events add column stored_xid xid8 not null default pg_current_xact_id();

-- Events of one transaction have the same key, which deduplication keeps once.
create index progress_events_by_xid on rollcall.progress_events (org_id, stored_xid);
create index analytics_events_by_xid on rollcall.analytics_events (org_id, stored_xid);

-- Scheduled jobs work for every organisation in turn, so the owner's procedures can list them: this table alone, to
-- read it alone, and only in a transaction that says so. Every other row stays behind the policy `organisation`.
create policy scheduled_jobs on rollcall.organisations for select to rollcall_owner
using (current_setting('rollcall.scope', true) = 'all_organisations');

-- Organisations that only ever sent analytics events were not noted until now.
do $$
begin
    alter table rollcall.analytics_events no force row level security;
    alter table rollcall.organisations no force row level security;
    insert into rollcall.organisations (org_id, first_seen_at)
    select org_id, min(received_at) from rollcall.analytics_events
    group by org_id
    order by org_id
    on conflict do nothing;
    alter table rollcall.analytics_events force row level security;
    alter table rollcall.organisations force row level security;
end
$$;
