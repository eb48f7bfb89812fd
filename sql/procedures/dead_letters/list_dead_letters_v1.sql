-- An organisation's dead letters: how many of each queue, cause, code and state, and the newest of them, as JSON
-- arrays. A null in a filter means any. The page begins after (p_after_failed_at, p_after_id), newest first; groups
-- count all pages.
create or replace function rollcall.list_dead_letters_v1(
    p_org_id uuid,
    p_queue text,
    p_cause text,
    p_state text,
    p_after_failed_at timestamptz,
    p_after_id uuid,
    p_limit integer,
    out groups jsonb,
    out letters jsonb
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    select coalesce(jsonb_agg(to_jsonb(grouped) order by grouped.letter_count desc, grouped.queue, grouped.cause,
        grouped.error_code, grouped.state), '[]') into groups
    from (
        select
            letter.queue, letter.cause, letter.error_code, letter.state,
            count(*) as letter_count, sum(letter.event_count) as event_count,
            min(letter.first_failed_at) as first_failed_at, max(letter.last_failed_at) as last_failed_at
        from dead_letters as letter
        where letter.org_id = p_org_id
            and (p_queue is null or letter.queue = p_queue)
            and (p_cause is null or letter.cause = p_cause)
            and (p_state is null or letter.state = p_state)
        group by letter.queue, letter.cause, letter.error_code, letter.state
    ) as grouped;
    select coalesce(jsonb_agg(to_jsonb(page) order by page.last_failed_at desc, page.dead_letter_id desc), '[]')
    into letters
    from (
        select * from dead_letters as letter
        where letter.org_id = p_org_id
            and (p_queue is null or letter.queue = p_queue)
            and (p_cause is null or letter.cause = p_cause)
            and (p_state is null or letter.state = p_state)
            and (
                p_after_id is null
                or (letter.last_failed_at, letter.dead_letter_id) < (p_after_failed_at, p_after_id)
            )
        order by letter.last_failed_at desc, letter.dead_letter_id desc
        limit p_limit
    ) as page;
end
$$;

revoke all on function rollcall.list_dead_letters_v1(
    uuid, text, text, text, timestamptz, uuid, integer
) from public;
grant execute on function rollcall.list_dead_letters_v1(
    uuid, text, text, text, timestamptz, uuid, integer
) to rollcall_ops;
