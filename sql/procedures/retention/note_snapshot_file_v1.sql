-- Notes a file that was written: the next part of an organisation's rows of a day. p_file has the members of
-- contracts.retention.snapshot.WrittenFile. The same part again replaces the one before. Returns whether the lease was
-- held.
create or replace function rollcall.note_snapshot_file_v1(
    p_table text, p_day date, p_sequence integer, p_lease_id uuid, p_file jsonb
)
returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    if (hold_snapshot_day_v1(p_table, p_day, p_sequence, p_lease_id)).sequence is null then
        return false;
    end if;
    insert into snapshots as file (
        org_id, table_name, day, sequence, part, object_key, row_count, size_bytes, object_digest, content_digest,
        row_hash, last_key, is_last, expires_at
    )
    select
        written.org_id, p_table, p_day, p_sequence, written.part, written.object_key, written.row_count,
        written.size_bytes, decode(written.object_digest, 'hex'), decode(written.content_digest, 'hex'),
        written.row_hash, written.last_key, written.is_last, written.expires_at
    from jsonb_to_record(p_file) as written (
        org_id uuid, part integer, object_key text, row_count integer, size_bytes bigint, object_digest text,
        content_digest text, row_hash numeric, last_key jsonb, is_last boolean, expires_at timestamptz
    )
    on conflict (org_id, table_name, day, sequence, part) do update set
        object_key = excluded.object_key,
        row_count = excluded.row_count,
        size_bytes = excluded.size_bytes,
        object_digest = excluded.object_digest,
        content_digest = excluded.content_digest,
        row_hash = excluded.row_hash,
        last_key = excluded.last_key,
        is_last = excluded.is_last,
        expires_at = excluded.expires_at,
        verified_at = null;
    return true;
end
$$;

revoke all on function rollcall.note_snapshot_file_v1(text, date, integer, uuid, jsonb) from public;
grant execute on function rollcall.note_snapshot_file_v1(text, date, integer, uuid, jsonb) to rollcall_ops;
