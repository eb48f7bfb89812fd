-- For a dump that was restored into another cluster, whose transaction ids begin anew: makes every organisation's
-- offsets those of this cluster. Until then nothing is folded there (fold_events_v1 returns `foreign`), so that no
-- event is lost. Returns null when there is nothing to do; else the number of events that it rewrote, and is to be
-- called again.
-- An event with an id that this cluster has not reached is surely from the other cluster. Those that are folded get the
-- id 1, below every offset, p_events_max in a call. The last call stops all writers of events; folds in the old order
-- the events that were not folded (so frozen days get them too); makes every stored event lie below the offsets, and
-- every later one above; and marks the days with events as stale: workers compute them again, each event once.
create or replace function rollcall.rebase_rollups_v1(p_events_max integer) returns bigint
language plpgsql
security definer
set search_path = rollcall, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_org_ids uuid[] := enter_all_organisations_v1();
    v_cluster_id bigint := cluster_id_v1();
    v_offsets rollup_offsets[];
    v_offset rollup_offsets;
    v_settled bigint := 0;
    v_horizon xid8;
begin
    select array_agg(foreign_offset) into v_offsets
    from rollup_offsets as foreign_offset where cluster_id <> v_cluster_id;
    if v_offsets is null then
        return null;
    end if;
    v_horizon := pg_snapshot_xmax(pg_current_snapshot());
    -- One organisation at a time, as in oldest_unfolded_v1.
    foreach v_offset in array v_offsets loop
        exit when v_settled >= p_events_max;
        perform set_config('rollcall.org_ids', array[v_offset.org_id]::text, true);
        v_settled := v_settled + settle_events_v1(
            v_offset.org_id, v_offset.source, v_horizon, v_offset.stored_xid, p_events_max - v_settled
        );
    end loop;
    if v_settled > 0 then
        return v_settled;
    end if;

    perform set_config('rollcall.org_ids', v_org_ids::text, true);
    perform from rollup_tickets order by org_id for update;
    lock table progress_events, analytics_events in share row exclusive mode;
    -- Transactions that run now may still store events, under an id from here on.
    v_horizon := pg_snapshot_xmin(pg_current_snapshot());
    insert into rollup_offsets (org_id, source, cluster_id)
    select org_id, source, v_cluster_id
    from unnest(v_org_ids) as organisation (org_id)
    cross join unnest(array['progress', 'analytics']) as source
    order by org_id, source
    on conflict do nothing;
    select array_agg(folded order by org_id, source) into v_offsets from rollup_offsets as folded;
    foreach v_offset in array v_offsets loop
        perform set_config('rollcall.org_ids', array[v_offset.org_id]::text, true);
        if v_offset.source = 'progress' then
            perform apply_progress_v1(
                v_offset.org_id, v_offset.stored_xid, '18446744073709551615', '-infinity', 'infinity', 2147483647
            );
            perform mark_stale_days_v1(v_offset.org_id, rollup_days_v1(v_offset.org_id, null, null));
        else
            perform apply_analytics_v1(
                v_offset.org_id, v_offset.stored_xid, '18446744073709551615', '-infinity', 'infinity', 2147483647
            );
        end if;
    end loop;
    perform set_config('rollcall.org_ids', v_org_ids::text, true);
    update progress_events set stored_xid = '2' where org_id = any (v_org_ids) and stored_xid >= v_horizon;
    update analytics_events set stored_xid = '2' where org_id = any (v_org_ids) and stored_xid >= v_horizon;
    update rollup_offsets set
        stored_xid = (v_horizon::text::numeric - 1)::text::xid8,
        cluster_id = v_cluster_id;
    return 0;
end
$$;

revoke all on function rollcall.rebase_rollups_v1(integer) from public;
grant execute on function rollcall.rebase_rollups_v1(integer) to rollcall_ops;
