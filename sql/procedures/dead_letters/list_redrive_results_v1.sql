-- The result of a redrive for each message, in the order of their ids, after p_after, at most p_limit: a JSON array of
-- {dead_letter_id, result, code, happened_at, state}; state is where the dead letter is now.
-- counts: {result: number} over all pages, and how many are resolved or have failed again since.
create or replace function rollcall.list_redrive_results_v1(
    p_org_id uuid, p_operation_id uuid, p_after uuid, p_limit integer, out counts jsonb, out results jsonb
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    select jsonb_build_object(
        'redriven', count(*) filter (where entry.what = 'redriven'),
        'failed', count(*) filter (where entry.what = 'redrive_failed'),
        'resolved', count(*) filter (where entry.what = 'redriven' and letter.state = 'resolved'),
        'open_again', count(*) filter (where entry.what = 'redriven' and letter.state = 'open')
    ) into counts
    from dead_letter_history as entry
    inner join dead_letters as letter
        on entry.org_id = letter.org_id and entry.dead_letter_id = letter.dead_letter_id
    where entry.org_id = p_org_id
        and entry.operation_id = p_operation_id
        and entry.what in ('redriven', 'redrive_failed');
    select coalesce(jsonb_agg(to_jsonb(page) order by page.dead_letter_id), '[]') into results
    from (
        select
            entry.dead_letter_id, case when entry.what = 'redriven' then 'redriven' else 'failed' end as result,
            entry.code, entry.happened_at, letter.state
        from dead_letter_history as entry
        inner join dead_letters as letter
            on entry.org_id = letter.org_id and entry.dead_letter_id = letter.dead_letter_id
        where entry.org_id = p_org_id
            and entry.operation_id = p_operation_id
            and entry.what in ('redriven', 'redrive_failed')
            and (p_after is null or entry.dead_letter_id > p_after)
        order by entry.dead_letter_id
        limit p_limit
    ) as page;
end
$$;

revoke all on function rollcall.list_redrive_results_v1(uuid, uuid, uuid, integer) from public;
grant execute on function rollcall.list_redrive_results_v1(uuid, uuid, uuid, integer) to rollcall_ops;
