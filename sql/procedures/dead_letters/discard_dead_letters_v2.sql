-- Discards the open dead letters of a selection, at most p_limit of them, with a reason. A dry run changes nothing.
-- discarded: how many were discarded, or would be. remaining: how many of the selection are still open, or would be.
-- p_until: only dead letters that failed by then; null is now. until: that moment, for the next call, so that later
-- dead letters, which the first call did not count, are not discarded with it.
create or replace function rollcall.discard_dead_letters_v2(
    p_org_id uuid,
    p_dead_letter_ids uuid[],
    p_cause text,
    p_queue text,
    p_acted_by text,
    p_reason text,
    p_dry_run boolean,
    p_limit integer,
    p_until timestamptz,
    out discarded bigint,
    out remaining bigint,
    out until timestamptz
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_matching bigint;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    until := coalesce(p_until, clock_timestamp());
    select count(*) into v_matching
    from matching_dead_letters_v1(p_org_id, '{open}', p_dead_letter_ids, p_cause, p_queue, until);
    discarded := least(v_matching, p_limit);
    if not p_dry_run then
        with chosen as materialized (
            select letter.dead_letter_id from dead_letters as letter
            where letter.org_id = p_org_id
                and letter.state = 'open'
                and letter.dead_letter_id in (
                    select found.dead_letter_id
                    from matching_dead_letters_v1(
                        p_org_id, '{open}', p_dead_letter_ids, p_cause, p_queue, until
                    ) as found
                )
            order by letter.dead_letter_id
            limit p_limit
            for update
        ),
        moved as (
            update dead_letters as letter set state = 'discarded' from chosen
            where letter.org_id = p_org_id and letter.dead_letter_id = chosen.dead_letter_id
        ),
        noted as (
            insert into dead_letter_history (
                org_id, dead_letter_id, entry_id, what, happened_at, acted_by, reason
            )
            select p_org_id, dead_letter_id, gen_random_uuid(), 'discarded', now(), p_acted_by, p_reason from chosen
            returning dead_letter_id
        )
        select count(*) into discarded from noted;
    end if;
    remaining := greatest(0, v_matching - discarded);
end
$$;

revoke all on function rollcall.discard_dead_letters_v2(
    uuid, uuid[], text, text, text, text, boolean, integer, timestamptz
) from public;
grant execute on function rollcall.discard_dead_letters_v2(
    uuid, uuid[], text, text, text, text, boolean, integer, timestamptz
) to rollcall_ops;
