-- Remembers events of a file of a snapshot: a JSON array of objects with event_id, occurred_at and content_digest
-- (null: the digest is lost; then a repetition is a conflict, and is not stored either).
-- p_is_last: they are the last of the file, which is not read again.
create or replace function rollcall.recall_events_v1(
    p_org_id uuid, p_table text, p_day date, p_sequence integer, p_part integer, p_rows jsonb, p_is_last boolean
)
returns void
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    insert into imported_identities (org_id, kind, event_id, occurred_at, content_digest)
    select
        p_org_id, case p_table when 'progress_events' then 'progress' else 'analytics' end, event_id, occurred_at,
        coalesce(decode(content_digest, 'hex'), substring(sha256(convert_to('rollcall/restored', 'UTF8')) for 16))
    from jsonb_to_recordset(p_rows) as line (event_id uuid, occurred_at timestamptz, content_digest text)
    order by event_id
    on conflict do nothing;
    if p_is_last then
        insert into recalled_files (org_id, table_name, day, sequence, part)
        values (p_org_id, p_table, p_day, p_sequence, p_part)
        on conflict do nothing;
    end if;
end
$$;

revoke all on function rollcall.recall_events_v1(uuid, text, date, integer, integer, jsonb, boolean) from public;
grant execute on function rollcall.recall_events_v1(
    uuid, text, date, integer, integer, jsonb, boolean
) to rollcall_ops;
