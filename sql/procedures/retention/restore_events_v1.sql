-- Brings rows of an organisation's snapshot back, each once: into the live table, or with p_scratch_id into a scratch
-- table. p_rows: a JSON array of lines of a snapshot. Returns how many rows were restored, present already, or in
-- conflict: their id belongs to other content by now, or their learner was erased since.
-- Why not by ingestion: the ledger knows these events, so that they would be duplicates; and projections and rollups
-- have counted them, and must not do so again. So the row alone comes back, with the transaction id 1 (PostgreSQL's own
-- first), which every reader of new events has passed long ago. An identity that the ledger has forgotten since comes
-- back with it. One that was forgotten even before the snapshot was written comes back with a digest that no content
-- has: a repetition of the event is then a conflict, and is not counted twice.
create or replace function rollcall.restore_events_v1(p_org_id uuid, p_table text, p_rows jsonb, p_scratch_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_rows jsonb;
    v_ledger text := case p_table when 'progress_events' then 'progress_identities' else 'analytics_identities' end;
    -- The digest in the ledger for events whose own digest is lost.
    v_unknown bytea := substring(sha256(convert_to('rollcall/restored', 'UTF8')) for 16);
    v_total integer := jsonb_array_length(p_rows);
    v_known integer;
    v_restored integer;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    -- As in ingestion: an erasure comes before this call, or after it, as a whole.
    perform pg_advisory_xact_lock_shared(hashtextextended('rollcall.analytics/' || p_org_id, 0));
    if exists (select from erasures where org_id = p_org_id) then
        select coalesce(jsonb_agg(line), '[]') into p_rows from jsonb_array_elements(p_rows) as line
        where not is_barred_v1(
            p_org_id,
            array[coalesce(
                line ->> 'user_id', line ->> 'user_pseudonym', line ->> 'anonymous_pseudonym',
                line ->> 'session_pseudonym'
            )],
            least((line ->> 'occurred_at')::timestamptz, (line ->> 'received_at')::timestamptz)
        );
    end if;
    if p_scratch_id is not null then
        execute format(
            'insert into rollcall_scratch.%1$I select populated.* from jsonb_array_elements($1) as line'
            ' cross join lateral jsonb_populate_record(null::rollcall_scratch.%1$I, line || jsonb_build_object('
            '''stored_xid'', ''1'', ''content_digest'', ''\x'' || (line ->> ''content_digest''))) as populated'
            ' on conflict do nothing',
            scratch_name_v1(p_table, p_scratch_id)
        )
        using p_rows;
        get diagnostics v_restored = row_count;
        return jsonb_build_object('restored', v_restored, 'present', v_total - v_restored);
    end if;
    perform settle_identities_v1(array[p_org_id], array(
        select (line ->> 'event_id')::uuid from jsonb_array_elements(p_rows) as line
    ));
    execute format(
        'insert into rollcall.%I (org_id, event_id, occurred_at, content_digest)'
        ' select $1, (line ->> ''event_id'')::uuid, (line ->> ''occurred_at'')::timestamptz,'
        ' coalesce(decode(line ->> ''content_digest'', ''hex''), $3)'
        ' from jsonb_array_elements($2) as line'
        ' order by 2'
        ' on conflict do nothing',
        v_ledger
    )
    using p_org_id, p_rows, v_unknown;
    -- A statement of its own, so that it sees the rows of batches that committed meanwhile.
    execute format(
        'select count(*), coalesce(jsonb_agg(line || ''{"stored_xid": "1"}''), ''[]'')'
        ' from jsonb_array_elements($2) as line'
        ' inner join rollcall.%I as identity'
        ' on identity.org_id = $1 and (line ->> ''event_id'')::uuid = identity.event_id'
        ' and coalesce(decode(line ->> ''content_digest'', ''hex''), $3) = identity.content_digest',
        v_ledger
    )
    into v_known, v_rows
    using p_org_id, p_rows, v_unknown;
    execute format(
        'insert into rollcall.%1$I select * from jsonb_populate_recordset(null::rollcall.%1$I, $1)'
        ' on conflict do nothing',
        p_table
    )
    using v_rows;
    get diagnostics v_restored = row_count;
    return jsonb_build_object(
        'restored', v_restored, 'present', v_known - v_restored, 'conflict', v_total - v_known
    );
end
$$;

revoke all on function rollcall.restore_events_v1(uuid, text, jsonb, uuid) from public;
grant execute on function rollcall.restore_events_v1(uuid, text, jsonb, uuid) to rollcall_ops;
