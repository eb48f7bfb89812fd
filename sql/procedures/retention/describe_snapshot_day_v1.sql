-- A day's snapshot and all of its files, as JSON in the members of contracts.retention.snapshot.SnapshotDay. The caller
-- has set which organisations the transaction may see.
create or replace function rollcall.describe_snapshot_day_v1(p_day rollcall.snapshot_days) returns jsonb
language sql
stable
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
select jsonb_build_object(
    'table_name', p_day.table_name,
    'day', p_day.day,
    'sequence', p_day.sequence,
    'state', p_day.state,
    'started_at', p_day.started_at,
    'failure_code', p_day.failure_code,
    'manifest_digest', encode(p_day.manifest_digest, 'hex'),
    'files', (
        select coalesce(jsonb_agg(describe_snapshot_file_v1(files) order by files.org_id, files.part), '[]')
        from snapshots as files
        where files.table_name = p_day.table_name
            and files.day = p_day.day
            and files.sequence = p_day.sequence
    )
);
$$;

revoke all on function rollcall.describe_snapshot_day_v1(rollcall.snapshot_days) from public;
