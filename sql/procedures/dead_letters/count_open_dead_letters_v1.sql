-- The number of open dead letters of all organisations, by queue: a JSON array of {queue, open_count}. It returns
-- numbers alone.
create or replace function rollcall.count_open_dead_letters_v1() returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    -- With the nil organisation, which owns dead letters of no known organisation.
    perform set_config(
        'rollcall.org_ids', (enter_all_organisations_v1() || '00000000-0000-0000-0000-000000000000'::uuid)::text, true
    );
    return (
        select coalesce(jsonb_agg(to_jsonb(counted) order by counted.queue), '[]')
        from (
            select queue, count(*) as open_count from dead_letters
            where state = 'open'
            group by queue
        ) as counted
    );
end
$$;

revoke all on function rollcall.count_open_dead_letters_v1() from public;
grant execute on function rollcall.count_open_dead_letters_v1() to rollcall_ops;
