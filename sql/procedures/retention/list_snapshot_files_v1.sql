-- Files of an organisation's snapshots of dropped days from p_from to p_to (both included; null: no bound), of one
-- table or all (null), in the order of table, day, sequence and part, after the given position (null: from the start),
-- as a JSON array of contracts.retention.snapshot.SnapshotFile.
create or replace function rollcall.list_snapshot_files_v1(
    p_org_id uuid, p_table text, p_from date, p_to date, p_after jsonb, p_limit integer
)
returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select coalesce(jsonb_agg(
            describe_snapshot_file_v1(listed) order by listed.table_name, listed.day, listed.sequence, listed.part
        ), '[]')
        from (
            select files.* from snapshots as files
            inner join snapshot_days as days
                on files.table_name = days.table_name and files.day = days.day and files.sequence = days.sequence
            where files.org_id = p_org_id
                and days.state = 'dropped'
                and (p_table is null or files.table_name = p_table)
                and (p_from is null or files.day >= p_from)
                and (p_to is null or files.day <= p_to)
                and (
                    p_after is null
                    or (files.table_name, files.day, files.sequence, files.part) > (
                        p_after ->> 'table_name', (p_after ->> 'day')::date, (p_after ->> 'sequence')::integer,
                        (p_after ->> 'part')::integer
                    )
                )
            order by files.table_name, files.day, files.sequence, files.part
            limit p_limit
        ) as listed
    );
end
$$;

revoke all on function rollcall.list_snapshot_files_v1(uuid, text, date, date, jsonb, integer) from public;
grant execute on function rollcall.list_snapshot_files_v1(uuid, text, date, date, jsonb, integer) to rollcall_ops;
