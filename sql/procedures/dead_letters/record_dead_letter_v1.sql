-- Records that a message failed for good: one row in the ledger, one line in its history. A second call for the same
-- message changes nothing and returns false. A redriven dead letter that fails again is open again.
--
-- p_failure: contracts.dead_letters.letter.Failure as JSON.
create or replace function rollcall.record_dead_letter_v1(p_org_id uuid, p_failure jsonb) returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_failure record;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    select * into v_failure
    from jsonb_to_record(p_failure) as failure (
        dead_letter_id uuid, failure_id uuid, queue text, cause text, error_code text, first_failed_at timestamptz,
        failed_at timestamptz, receive_count integer, size_bytes integer, body_digest text, event_ids uuid[],
        archive_key text
    );

    insert into dead_letter_history (org_id, dead_letter_id, entry_id, what, happened_at, code)
    values (
        p_org_id, v_failure.dead_letter_id, v_failure.failure_id, 'failed', v_failure.failed_at, v_failure.error_code
    )
    on conflict do nothing;
    if not found then
        return false;
    end if;

    insert into dead_letters as letter (
        org_id, dead_letter_id, queue, cause, error_code, state, first_failed_at, last_failed_at, failure_count,
        receive_count, size_bytes, body_digest, event_count, archive_key
    )
    values (
        p_org_id, v_failure.dead_letter_id, v_failure.queue, v_failure.cause, v_failure.error_code, 'open',
        v_failure.first_failed_at, greatest(v_failure.first_failed_at, v_failure.failed_at), 1,
        v_failure.receive_count, v_failure.size_bytes, v_failure.body_digest, cardinality(v_failure.event_ids),
        v_failure.archive_key
    )
    on conflict (org_id, dead_letter_id) do update set
        queue = excluded.queue,
        cause = excluded.cause,
        error_code = excluded.error_code,
        state = 'open',
        first_failed_at = least(letter.first_failed_at, excluded.first_failed_at),
        last_failed_at = greatest(letter.last_failed_at, excluded.last_failed_at),
        failure_count = letter.failure_count + 1,
        receive_count = least(letter.receive_count::bigint + excluded.receive_count, 2147483647),
        size_bytes = excluded.size_bytes,
        body_digest = excluded.body_digest,
        event_count = excluded.event_count,
        archive_key = excluded.archive_key;

    insert into dead_letter_events (org_id, event_id, dead_letter_id)
    select distinct p_org_id, event_id, v_failure.dead_letter_id
    from unnest(v_failure.event_ids) as given (event_id)
    order by event_id
    on conflict do nothing;

    -- In a batch that was stored without these events, only these events still waited (note_batches_v1). A batch that
    -- waits as a whole may be another batch with the same events.
    with stored_in_part as materialized (
        select
            queued.batch_id,
            array(
                select event_id from unnest(queued.event_ids) as event_id where event_id <> all (v_failure.event_ids)
            ) as event_ids
        from queued_batches as queued
        where queued.org_id = p_org_id
            and v_failure.queue = 'analytics'
            and queued.event_ids && v_failure.event_ids
            and exists (
                select from batch_audit
                where batch_audit.org_id = p_org_id and batch_audit.batch_id = queued.batch_id
            )
        order by queued.batch_id
        for update of queued
    ),
    gone as (
        delete from queued_batches using stored_in_part
        where queued_batches.org_id = p_org_id
            and queued_batches.batch_id = stored_in_part.batch_id
            and cardinality(stored_in_part.event_ids) = 0
    )
    update queued_batches set event_ids = stored_in_part.event_ids from stored_in_part
    where queued_batches.org_id = p_org_id
        and queued_batches.batch_id = stored_in_part.batch_id
        and cardinality(stored_in_part.event_ids) > 0;

    -- Last, and one row alone: every dead letter of this hour waits for this row.
    insert into dead_letter_counts as counts (failed_hour, queue, cause, failed_count)
    values (date_trunc('hour', now(), 'UTC'), v_failure.queue, v_failure.cause, 1)
    on conflict (failed_hour, queue, cause) do update set failed_count = counts.failed_count + 1;
    return true;
end
$$;

revoke all on function rollcall.record_dead_letter_v1(uuid, jsonb) from public;
grant execute on function rollcall.record_dead_letter_v1(uuid, jsonb) to rollcall_app;
