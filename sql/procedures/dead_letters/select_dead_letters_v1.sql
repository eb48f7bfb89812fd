-- The next dead letters of a selection in the order of their ids, after p_after, at most p_limit: a JSON array. A
-- selection by cause, or of all, takes open dead letters; a selection by ids also takes those that wait or were
-- discarded.
-- matching: with the first page, how many the whole selection has; null with the others.
create or replace function rollcall.select_dead_letters_v1(
    p_org_id uuid,
    p_dead_letter_ids uuid[],
    p_cause text,
    p_queue text,
    p_until timestamptz,
    p_after uuid,
    p_limit integer,
    out matching bigint,
    out letters jsonb
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_states text[] := case when p_dead_letter_ids is null then '{open}' else '{open,redriven,discarded}' end;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    if p_after is null then
        select count(*) into matching
        from matching_dead_letters_v1(p_org_id, v_states, p_dead_letter_ids, p_cause, p_queue, p_until);
    end if;
    select coalesce(jsonb_agg(to_jsonb(letter) order by letter.dead_letter_id), '[]') into letters
    from (
        select * from matching_dead_letters_v1(
            p_org_id, v_states, p_dead_letter_ids, p_cause, p_queue, p_until
        ) as found
        where p_after is null or found.dead_letter_id > p_after
        order by found.dead_letter_id
        limit p_limit
    ) as letter;
end
$$;

revoke all on function rollcall.select_dead_letters_v1(
    uuid, uuid[], text, text, timestamptz, uuid, integer
) from public;
grant execute on function rollcall.select_dead_letters_v1(
    uuid, uuid[], text, text, timestamptz, uuid, integer
) to rollcall_ops;
