-- Takes one batch from the caller's allowance, and notes which events are about to be queued, by organisation.
-- p_batches: a JSON array of {org_id, batch_id, event_ids}. When retry_after_ms is not 0, the procedure wrote nothing
-- but the refusal of a batch.
create or replace function rollcall.announce_batches_v1(
    p_subject text,
    p_rate_per_second double precision,
    p_burst integer,
    p_batches jsonb,
    p_received_at timestamptz,
    out rate_remaining integer,
    out rate_reset_ms integer,
    out retry_after_ms integer
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    select rate.remaining, rate.reset_ms, rate.retry_after_ms into rate_remaining, rate_reset_ms, retry_after_ms
    from take_rate_v1(p_subject, p_rate_per_second, p_burst) as rate;
    if retry_after_ms > 0 then
        perform note_rate_refusal_v1(array(
            select (batch ->> 'org_id')::uuid from jsonb_array_elements(p_batches) as batch
        ));
        return;
    end if;
    perform set_config('rollcall.org_ids', array(
        select distinct (batch ->> 'org_id')::uuid from jsonb_array_elements(p_batches) as batch
    )::text, true);
    -- So that an organisation's first batch is measured while it waits, too.
    insert into organisations (org_id, first_seen_at)
    select distinct (batch ->> 'org_id')::uuid as org_id, p_received_at from jsonb_array_elements(p_batches) as batch
    order by org_id
    on conflict do nothing;
    insert into queued_batches (org_id, batch_id, received_at, event_ids)
    select batch.org_id, batch.batch_id, p_received_at, batch.event_ids
    from jsonb_to_recordset(p_batches) as batch (org_id uuid, batch_id uuid, event_ids uuid[])
    order by batch.org_id, batch.batch_id
    on conflict do nothing;
end
$$;

revoke all on function rollcall.announce_batches_v1(
    text, double precision, integer, jsonb, timestamptz
) from public;
grant execute on function rollcall.announce_batches_v1(
    text, double precision, integer, jsonb, timestamptz
) to rollcall_app;
