-- A snapshot of one organisation and day, at random, as contracts.retention.snapshot.SnapshotFile of its first part;
-- null when there is none. A restore drill restores it.
create or replace function rollcall.choose_snapshot_v1() returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform enter_all_organisations_v1();
    return (
        select describe_snapshot_file_v1(files) from snapshots as files
        inner join snapshot_days as days
            on files.table_name = days.table_name and files.day = days.day and files.sequence = days.sequence
        where days.state = 'dropped'
        order by random()
        limit 1
    );
end
$$;

revoke all on function rollcall.choose_snapshot_v1() from public;
grant execute on function rollcall.choose_snapshot_v1() to rollcall_ops;
