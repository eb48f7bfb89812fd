-- Drops the partition of a day whose snapshot was verified, in one transaction with the proof that the snapshot holds
-- every row: the partition is locked against writers, and its rows are counted and hashed per organisation and compared
-- with the written files. Returns `dropped`, or why it did not drop:
--   lease_lost, not_verified, unknown_organisation;
--   rows_changed: a row came late, or changed;
--   not_folded: the rollups have not seen every event of the day yet;
--   busy: others worked on the partition for too long; nothing is wrong, and nothing was changed.
-- Readers go on meanwhile, and writers of other days wait for half a second at most.
create or replace function rollcall.drop_snapshotted_day_v1(
    p_table text, p_day date, p_sequence integer, p_lease_id uuid
)
returns text
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_held snapshot_days := hold_snapshot_day_v1(p_table, p_day, p_sequence, p_lease_id);
    v_org_ids uuid[] := current_org_ids();
    v_partition text := partition_name_v1(p_table, p_day);
    v_is_different boolean;
begin
    if v_held.sequence is null then
        return 'lease_lost';
    end if;
    if v_held.state <> 'verified' then
        return 'not_verified';
    end if;
    -- Before any lock on the partition, as in the other procedures that need both (freeze_rollup_day_v1,
    -- rebase_rollups_v1).
    perform from rollup_tickets order by org_id for update;
    execute format('lock table rollcall.%I in share mode', v_partition);
    execute format(
        $query$
        select exists (
            select
            from (
                select org_id, count(*) as row_count, sum(hash_record_extended(events, 0)) as row_hash
                from rollcall.%I as events
                where stored_xid <> '1'::xid8
                group by org_id
            ) as live
            full join (
                select org_id, sum(row_count) as row_count, sum(row_hash) as row_hash
                from snapshots
                where table_name = $1 and day = $2 and sequence = $3
                group by org_id
            ) as kept using (org_id)
            where (live.row_count, live.row_hash) is distinct from (kept.row_count, kept.row_hash)
        )
        $query$,
        v_partition
    )
    into v_is_different
    using p_table, p_day, p_sequence;
    if v_is_different then
        return 'rows_changed';
    end if;
    if not freeze_rollup_day_v1(p_table, p_day) then
        return 'not_folded';
    end if;
    -- Writers of this day wait for this transaction, and hold the lock of the parent table, for which it waits next.
    -- The limit keeps that from becoming a deadlock, and from delaying others for long.
    perform set_config('lock_timeout', '500ms', true);
    if has_foreign_rows_v1(v_partition, v_org_ids) then
        -- An exception and no mere return: the frozen rollups must not stay frozen.
        raise exception 'rows of an unknown organisation' using errcode = 'RC001';
    end if;
    execute format('drop table rollcall.%I', v_partition);
    delete from kept_days where table_name = p_table and day = p_day;
    update snapshot_days set state = 'dropped', dropped_at = clock_timestamp(), lease_id = null, leased_until = null
    where table_name = p_table and day = p_day and sequence = p_sequence;
    return 'dropped';
exception
    when sqlstate 'RC001' then
        return 'unknown_organisation';
    when lock_not_available then
        return 'busy';
end
$$;

revoke all on function rollcall.drop_snapshotted_day_v1(text, date, integer, uuid) from public;
grant execute on function rollcall.drop_snapshotted_day_v1(text, date, integer, uuid) to rollcall_ops;
