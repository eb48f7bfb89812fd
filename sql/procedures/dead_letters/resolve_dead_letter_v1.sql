-- Notes that a redriven dead letter was stored. p_entry_id is made of the stored message, so that it is noted once.
-- This also resolves a dead letter that was discarded meanwhile: its events are stored, and the history has both.
create or replace function rollcall.resolve_dead_letter_v1(
    p_org_id uuid, p_dead_letter_id uuid, p_entry_id uuid, p_operation_id uuid, p_code text
)
returns void
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    if not exists (
        select from dead_letters where dead_letters.org_id = p_org_id and dead_letters.dead_letter_id = p_dead_letter_id
    ) then
        return;
    end if;
    insert into dead_letter_history (org_id, dead_letter_id, entry_id, what, happened_at, operation_id, code)
    values (p_org_id, p_dead_letter_id, p_entry_id, 'resolved', now(), p_operation_id, p_code)
    on conflict do nothing;
    if not found then
        return;
    end if;
    update dead_letters set state = 'resolved'
    where dead_letters.org_id = p_org_id and dead_letters.dead_letter_id = p_dead_letter_id;
end
$$;

revoke all on function rollcall.resolve_dead_letter_v1(uuid, uuid, uuid, uuid, text) from public;
grant execute on function rollcall.resolve_dead_letter_v1(uuid, uuid, uuid, uuid, text) to rollcall_app;
