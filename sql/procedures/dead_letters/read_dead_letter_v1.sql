-- One dead letter of an organisation and its history, oldest first, as JSON; nulls when the organisation has no such
-- dead letter.
create or replace function rollcall.read_dead_letter_v1(
    p_org_id uuid, p_dead_letter_id uuid, out letter jsonb, out history jsonb, out event_ids uuid[]
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    select to_jsonb(ledger) into letter from dead_letters as ledger
    where ledger.org_id = p_org_id and ledger.dead_letter_id = p_dead_letter_id;
    select jsonb_agg(to_jsonb(entry) order by entry.happened_at, entry.entry_id) into history
    from dead_letter_history as entry
    where entry.org_id = p_org_id and entry.dead_letter_id = p_dead_letter_id;
    select coalesce(array_agg(held.event_id order by held.event_id), '{}') into event_ids
    from dead_letter_events as held
    where held.org_id = p_org_id and held.dead_letter_id = p_dead_letter_id;
end
$$;

revoke all on function rollcall.read_dead_letter_v1(uuid, uuid) from public;
grant execute on function rollcall.read_dead_letter_v1(uuid, uuid) to rollcall_ops;
