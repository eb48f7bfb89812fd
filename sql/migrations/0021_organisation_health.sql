-- What an organisation's health is counted from: batches refused because of the rate, and rejections by time.

-- Ten rows an organisation at most, one for each minute's last digit; a minute overwrites the one ten minutes before.
-- Why unlogged: a crash forgets a few minutes of counting, and a flood of refusals writes no log.
create unlogged table rollcall.rate_refusals (
    org_id uuid not null,
    slot smallint not null check (slot between 0 and 9),
    minute_at timestamptz not null,
    refused_count bigint not null check (refused_count > 0),
    primary key (org_id, slot)
) with (fillfactor = 50);

create index rejected_events_by_time on rollcall.rejected_events (org_id, rejected_at);

call rollcall.secure_organisation_rows('rollcall.rate_refusals');
