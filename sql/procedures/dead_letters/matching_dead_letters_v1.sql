-- The dead letters in these states that a selection names; a null in the selection means any.
-- p_until: only dead letters that failed before, so that an operation ends with those that existed when it was
-- requested.
create or replace function rollcall.matching_dead_letters_v1(
    p_org_id uuid, p_states text[], p_dead_letter_ids uuid[], p_cause text, p_queue text, p_until timestamptz
)
returns setof rollcall.dead_letters
language sql
stable
set search_path = rollcall, pg_temp
as $$
select letter.*
from dead_letters as letter
where letter.org_id = p_org_id
    and letter.state = any (p_states)
    and (p_dead_letter_ids is null or letter.dead_letter_id = any (p_dead_letter_ids))
    and (p_cause is null or letter.cause = p_cause)
    and (p_queue is null or letter.queue = p_queue)
    and (p_until is null or letter.last_failed_at <= p_until);
$$;

revoke all on function rollcall.matching_dead_letters_v1(uuid, text[], uuid[], text, text, timestamptz) from public;
