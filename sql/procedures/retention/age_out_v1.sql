-- Deletes rows of one kind that are older than p_before, at most p_limit rows, and returns how many. The kinds, and the
-- time by which each ages, stand below. Unfinished rows do not age. Of a dead letter everything goes, no sooner than
-- its body in the archive: a replay asks whether it was discarded. An open dead letter stays: its accepted events still
-- need a decision. Identities stay while a row of their day may be live.
create or replace function rollcall.age_out_v1(p_what text, p_before timestamptz, p_limit integer) returns integer
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_aged text := case p_what
        when 'progress_identities' then 'occurred_at < $1'
        when 'analytics_identities' then 'occurred_at < $1'
        when 'event_identities' then 'occurred_at < $1'
        when 'imported_identities' then 'occurred_at < $1'
        when 'batch_audit' then 'received_at < $1'
        when 'rejected_events' then 'rejected_at < $1'
        when 'queued_batches' then 'received_at < $1'
        when 'dead_letters' then 'last_failed_at < $1 and state <> ''open'''
        when 'dead_letter_counts' then 'failed_hour < $1 and told_count = failed_count'
        when 'operations' then 'finished_at < $1'
        -- Of orders without work: a cancelled order leaves assignments that were not made.
        when 'pending_assignments' then 'requested_at < $1 and not exists (select from rollcall.operations as known'
            ' where known.org_id = pending_assignments.org_id and known.operation_id = pending_assignments.operation_id'
            ' and known.state in (''queued'', ''running''))'
        when 'assignment_requests' then 'requested_at < $1'
        when 'restore_drills' then 'drilled_at < $1'
        when 'rate_buckets' then 'theoretical_arrival_at < $1'
    end;
    v_deleted integer;
begin
    if v_aged is null then
        raise exception 'no such kind of rows to age out: %', p_what;
    end if;
    perform enter_all_organisations_v1();
    if p_what in ('progress_identities', 'analytics_identities', 'event_identities') then
        p_before := least(p_before, first_live_moment_v1());
    end if;
    if p_what = 'dead_letters' then
        with gone as (
            delete from dead_letters
            where ctid = any (array(
                select ctid from dead_letters where last_failed_at < p_before and state <> 'open' limit p_limit
            ))
            returning org_id, dead_letter_id
        ),
        gone_events as (
            delete from dead_letter_events as held using gone
            where held.org_id = gone.org_id and held.dead_letter_id = gone.dead_letter_id
        ),
        gone_history as (
            delete from dead_letter_history as entry using gone
            where entry.org_id = gone.org_id and entry.dead_letter_id = gone.dead_letter_id
        )
        select count(*) into v_deleted from gone;
    else
        execute format(
            'delete from rollcall.%1$I where ctid = any (array(select ctid from rollcall.%1$I where %2$s limit $2))',
            p_what, v_aged
        )
        using p_before, p_limit;
        get diagnostics v_deleted = row_count;
    end if;
    return v_deleted;
end
$$;

revoke all on function rollcall.age_out_v1(text, timestamptz, integer) from public;
grant execute on function rollcall.age_out_v1(text, timestamptz, integer) to rollcall_ops;
