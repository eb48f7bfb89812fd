-- Computes a day of an organisation's rollups again from its events, while events are stored and folded: the folded
-- events are counted, the others come by folding. The same events give the same bytes. Returns {day, progress,
-- analytics}: the number of events of each source, or null where that source's rollups were left as they are: they are
-- frozen, since the events are gone, or the offset is of another cluster (rebase_rollups_v1).
create or replace function rollcall.rebuild_rollup_day_v1(p_org_id uuid, p_day date) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_from timestamptz := p_day::timestamp at time zone 'UTC';
    v_until timestamptz := (p_day + 1)::timestamp at time zone 'UTC';
    v_before xid8;
    v_progress bigint;
    v_analytics bigint;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    perform hold_rollups_v1(p_org_id, null, null);
    delete from rollup_stale_days where org_id = p_org_id and day = p_day;

    v_before := forget_rollup_day_v1(p_org_id, 'progress', p_day);
    if v_before is not null then
        delete from daily_course_rollups where org_id = p_org_id and day = p_day;
        delete from active_course_learners where org_id = p_org_id and day = p_day;
        select event_count into v_progress
        from apply_progress_v1(p_org_id, '0', v_before, v_from, v_until, 2147483647);
    end if;

    v_before := forget_rollup_day_v1(p_org_id, 'analytics', p_day);
    if v_before is not null then
        delete from daily_process_rollups where org_id = p_org_id and day = p_day;
        delete from daily_process_durations where org_id = p_org_id and day = p_day;
        delete from daily_process_costs where org_id = p_org_id and day = p_day;
        delete from process_runs where org_id = p_org_id and day = p_day;
        select event_count into v_analytics
        from apply_analytics_v1(p_org_id, '0', v_before, v_from, v_until, 2147483647);
    end if;
    return jsonb_build_object('day', p_day, 'progress', v_progress, 'analytics', v_analytics);
end
$$;

revoke all on function rollcall.rebuild_rollup_day_v1(uuid, date) from public;
grant execute on function rollcall.rebuild_rollup_day_v1(uuid, date) to rollcall_ops;
