-- Deletes what is older than p_before of one kind, at most p_limit rows, and returns how many: what each kind is, and
-- by which of its times it ages, stands below. What is not finished does not age. Of dead letters goes all that is
-- known of them, no sooner than their bodies in the archive: a replay asks whether one was discarded. One that is open
-- stays: nobody has decided yet on what was accepted. Identities stay while a row of their day may be live.
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
        -- Of orders that nobody works on: a cancelled one leaves its rest.
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
        raise exception 'nothing of this name ages: %', p_what;
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
