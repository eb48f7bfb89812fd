-- Notes that a file was rewritten: p_file (members of contracts.retention.snapshot.WrittenFile) takes its place under
-- the next revision, or nothing does (null: no row was left). From then on the day has no valid manifest, until one is
-- written. Returns whether the lease was held, and the file still had the revision that was read.
create or replace function rollcall.replace_snapshot_file_v1(
    p_table text,
    p_day date,
    p_sequence integer,
    p_lease_id uuid,
    p_org_id uuid,
    p_part integer,
    p_revision integer,
    p_file jsonb
)
returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    if (hold_snapshot_day_v1(p_table, p_day, p_sequence, p_lease_id)).state is distinct from 'dropped' then
        return false;
    end if;
    if p_file is null then
        delete from snapshots
        where org_id = p_org_id and table_name = p_table and day = p_day and sequence = p_sequence and part = p_part
            and revision = p_revision;
    else
        update snapshots as file set
            revision = p_revision + 1,
            object_key = written.object_key,
            row_count = written.row_count,
            size_bytes = written.size_bytes,
            object_digest = decode(written.object_digest, 'hex'),
            content_digest = decode(written.content_digest, 'hex')
        from jsonb_to_record(p_file) as written (
            object_key text, row_count integer, size_bytes bigint, object_digest text, content_digest text
        )
        where file.org_id = p_org_id and file.table_name = p_table and file.day = p_day
            and file.sequence = p_sequence and file.part = p_part and file.revision = p_revision;
    end if;
    if not found then
        return false;
    end if;
    update snapshot_days set manifest_digest = null
    where table_name = p_table and day = p_day and sequence = p_sequence;
    return true;
end
$$;

revoke all on function rollcall.replace_snapshot_file_v1(
    text, date, integer, uuid, uuid, integer, integer, jsonb
) from public;
grant execute on function rollcall.replace_snapshot_file_v1(
    text, date, integer, uuid, uuid, integer, integer, jsonb
) to rollcall_ops;
