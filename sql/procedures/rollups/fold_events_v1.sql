-- Folds the next events of an organisation and source into its rollups, and moves the offset: one transaction, so that
-- no event is folded twice or left out, whenever a worker dies.
-- It takes whole transactions, the oldest first, until there are p_events_max events, and only those below the oldest
-- running transaction: a lower one may still commit. outcome is one of
--   folded      event_count events were folded; fewer than p_events_max: there are no more for now
--   busy        another worker folds this organisation
--   superseded  the ticket is not the latest that was given out: its holder has nothing to do
--   foreign     the offset was made in another cluster: nothing is folded until rebase_rollups_v1
-- A caller without a ticket (null) waits for the others.
create or replace function rollcall.fold_events_v1(
    p_org_id uuid,
    p_source text,
    p_ticket_id uuid,
    p_ticket_seconds double precision,
    p_events_max integer,
    out outcome text,
    out event_count bigint
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
-- As in ingestion: planned once a connection, and never by reading a whole table; compiling takes longer than a chunk.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_offset rollup_offsets;
    v_horizon xid8;
    v_last_xid xid8;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    event_count := 0;
    outcome := hold_rollups_v1(p_org_id, p_ticket_id, p_ticket_seconds);
    if outcome <> 'held' then
        return;
    end if;
    v_offset := read_rollup_offset_v1(p_org_id, p_source);
    if v_offset.cluster_id <> cluster_id_v1() then
        outcome := 'foreign';
        return;
    end if;
    outcome := 'folded';
    -- Read before the events: every event that was stored below it is visible by then.
    v_horizon := pg_snapshot_xmin(pg_current_snapshot());
    if p_source = 'progress' then
        select applied.event_count, applied.last_xid into event_count, v_last_xid
        from apply_progress_v1(p_org_id, v_offset.stored_xid, v_horizon, '-infinity', 'infinity', p_events_max)
            as applied;
    else
        select applied.event_count, applied.last_xid into event_count, v_last_xid
        from apply_analytics_v1(p_org_id, v_offset.stored_xid, v_horizon, '-infinity', 'infinity', p_events_max)
            as applied;
    end if;
    if event_count > 0 then
        update rollup_offsets set stored_xid = v_last_xid where org_id = p_org_id and source = p_source;
    end if;
end
$$;

revoke all on function rollcall.fold_events_v1(uuid, text, uuid, double precision, integer) from public;
grant execute on function rollcall.fold_events_v1(uuid, text, uuid, double precision, integer) to rollcall_ops;
