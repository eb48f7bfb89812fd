-- After a dump was restored into another cluster, whose transaction ids begin anew: makes every organisation's offsets
-- those of this cluster. Until then nothing is folded there (fold_events_v1 answers `foreign`), so that nothing is
-- lost. Returns null when there is nothing to do; else it is to be called again, and says how many events it rewrote.
-- An event that this cluster has not reached the id of is of the other one for sure. Those that are folded get the id
-- 1, below every offset, p_events_max in a call. The last call stops whoever stores events; folds in the old order what
-- was not folded (so do days that are frozen get it); lets every event that is there lie below the offsets, and
-- whatever comes above; and marks the days that have events as stale: workers compute them again, each event there
-- once.
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
    v_rewritten bigint;
    v_horizon xid8;
    v_offset rollup_offsets;
begin
    if not exists (select from rollup_offsets where cluster_id <> v_cluster_id) then
        return null;
    end if;
    v_horizon := pg_snapshot_xmax(pg_current_snapshot());
    v_rewritten := settle_events_v1(v_horizon, p_events_max);
    if v_rewritten > 0 then
        return v_rewritten;
    end if;
    perform from rollup_tickets order by org_id for update;
    lock table progress_events, analytics_events in share row exclusive mode;
    -- Who runs now may still store events, under an id from here on.
    v_horizon := pg_snapshot_xmin(pg_current_snapshot());
    insert into rollup_offsets (org_id, source, cluster_id)
    select org_id, source, v_cluster_id
    from unnest(v_org_ids) as organisation (org_id)
    cross join unnest(array['progress', 'analytics']) as source
    order by org_id, source
    on conflict do nothing;
    for v_offset in select * from rollup_offsets order by org_id, source loop
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
    update progress_events set stored_xid = '1' where org_id = any (v_org_ids) and stored_xid >= v_horizon;
    update analytics_events set stored_xid = '1' where org_id = any (v_org_ids) and stored_xid >= v_horizon;
    update rollup_offsets set
        stored_xid = (v_horizon::text::numeric - 1)::text::xid8,
        cluster_id = v_cluster_id;
    return 0;
end
$$;

revoke all on function rollcall.rebase_rollups_v1(integer) from public;
grant execute on function rollcall.rebase_rollups_v1(integer) to rollcall_ops;
