-- Files of an organisation's snapshots of these days whose events are not known again yet to an import, at most
-- p_limit, as a JSON array of contracts.retention.snapshot.SnapshotFile.
create or replace function rollcall.list_unrecalled_v1(
    p_org_id uuid, p_table text, p_days date[], p_limit integer
)
returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    return (
        select coalesce(jsonb_agg(describe_snapshot_file_v1(listed)), '[]')
        from (
            select files.* from snapshots as files
            inner join snapshot_days as days
                on files.table_name = days.table_name and files.day = days.day and files.sequence = days.sequence
            where files.org_id = p_org_id
                and files.table_name = p_table
                and files.day = any (p_days)
                and days.state = 'dropped'
                and not exists (
                    select from recalled_files as known
                    where known.org_id = files.org_id
                        and known.table_name = files.table_name
                        and known.day = files.day
                        and known.sequence = files.sequence
                        and known.part = files.part
                )
            order by files.day, files.sequence, files.part
            limit p_limit
        ) as listed
    );
end
$$;

revoke all on function rollcall.list_unrecalled_v1(uuid, text, date[], integer) from public;
grant execute on function rollcall.list_unrecalled_v1(uuid, text, date[], integer) to rollcall_ops;
