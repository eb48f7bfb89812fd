-- A file of a snapshot, as JSON in the members of contracts.retention.snapshot.SnapshotFile.
create or replace function rollcall.describe_snapshot_file_v1(p_file rollcall.snapshots) returns jsonb
language sql
stable
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
select jsonb_build_object(
    'org_id', p_file.org_id,
    'table_name', p_file.table_name,
    'day', p_file.day,
    'sequence', p_file.sequence,
    'part', p_file.part,
    'revision', p_file.revision,
    'object_key', p_file.object_key,
    'row_count', p_file.row_count,
    'size_bytes', p_file.size_bytes,
    'object_digest', encode(p_file.object_digest, 'hex'),
    'content_digest', encode(p_file.content_digest, 'hex'),
    'is_verified', p_file.verified_at is not null,
    'created_at', p_file.created_at,
    'expires_at', p_file.expires_at
);
$$;

revoke all on function rollcall.describe_snapshot_file_v1(rollcall.snapshots) from public;
