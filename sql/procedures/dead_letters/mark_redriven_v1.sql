-- Notes what an operation did with dead letters: each was redriven, or has a code that says why not. A second identical
-- call changes nothing.
--
-- p_results: a JSON array of {dead_letter_id, failure_count, code}: the failures that the operation knew of; a null
-- code is a success. A message may have failed again, or have been stored, before this call: then the state of its dead
-- letter stays.
create or replace function rollcall.mark_redriven_v1(
    p_org_id uuid, p_operation_id uuid, p_acted_by text, p_reason text, p_results jsonb
)
returns void
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    -- In the order of their ids, so that two operations never wait in a circle.
    perform from dead_letters as letter
    where letter.org_id = p_org_id
        and letter.dead_letter_id in (
            select (result ->> 'dead_letter_id')::uuid from jsonb_array_elements(p_results) as result
        )
    order by letter.dead_letter_id
    for update;

    with result as (
        select distinct on (given.dead_letter_id) given.dead_letter_id, given.failure_count, given.code
        from jsonb_to_recordset(p_results) as given (dead_letter_id uuid, failure_count integer, code text)
        inner join dead_letters as letter on given.dead_letter_id = letter.dead_letter_id and letter.org_id = p_org_id
        order by given.dead_letter_id
    ),
    noted as (
        insert into dead_letter_history (
            org_id, dead_letter_id, entry_id, what, happened_at, operation_id, code, acted_by, reason
        )
        select
            p_org_id, dead_letter_id, p_operation_id,
            case when code is null then 'redriven' else 'redrive_failed' end,
            now(), p_operation_id, code, p_acted_by, p_reason
        from result
        on conflict do nothing
        returning dead_letter_id, what
    )
    update dead_letters as letter
    set
        redrive_count = letter.redrive_count + 1,
        state = case
            when letter.state in ('open', 'discarded') and letter.failure_count = result.failure_count then 'redriven'
            else letter.state
        end
    from noted inner join result using (dead_letter_id)
    where letter.org_id = p_org_id and letter.dead_letter_id = noted.dead_letter_id and noted.what = 'redriven';
end
$$;

revoke all on function rollcall.mark_redriven_v1(uuid, uuid, text, text, jsonb) from public;
grant execute on function rollcall.mark_redriven_v1(uuid, uuid, text, text, jsonb) to rollcall_ops;
