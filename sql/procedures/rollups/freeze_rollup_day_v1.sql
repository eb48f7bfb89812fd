-- Freezes a day of a table of events, for every organisation of this transaction, because its partition is about to be
-- dropped: the learners are forgotten, and their number and a sketch stay. Returns false, and changes nothing, while an
-- event of the day is not folded, or the day is to be computed again: then the partition has to stay. The caller that
-- drops the partition calls this first, in the same transaction and before any lock on the partition: folding takes its
-- organisation's lock and then reads the partition, and so does this procedure.
create or replace function rollcall.freeze_rollup_day_v1(p_table text, p_day date) returns boolean
language plpgsql
set search_path = rollcall, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_source text := case p_table when 'progress_events' then 'progress' when 'analytics_events' then 'analytics' end;
    v_partition regclass := to_regclass(format('rollcall.%I', p_table || '_' || to_char(p_day, 'YYYYMMDD')));
    v_is_behind boolean := false;
begin
    if v_source is null then
        raise exception 'not a table of events: %', p_table;
    end if;
    perform from rollup_tickets order by org_id for update;
    if v_partition is not null then
        -- From here on no transaction stores into it, and those that did have ended.
        execute format('lock table %s in share mode', v_partition);
        execute format(
            -- Materialised: row-level security lets no index be searched by a comparison with coalesce.
            'with folded as materialized ('
            '    select org_id, case when cluster_id = cluster_id_v1() then stored_xid else ''2'' end as stored_xid'
            '    from unnest(current_org_ids()) as organisation (org_id)'
            '    left join (select * from rollup_offsets where source = %L) as known using (org_id)'
            ')'
            ' select exists ('
            '    select from folded where exists ('
            '        select from %s as event'
            '        where event.org_id = folded.org_id and event.stored_xid > folded.stored_xid'
            '    )'
            ')',
            v_source, v_partition
        ) into v_is_behind;
    end if;
    if v_is_behind or exists (select from rollup_stale_days where day = p_day) then
        return false;
    end if;
    insert into learner_sketches (org_id, source, day, registers)
    select org_id, v_source, p_day, array_agg(register order by register)
    from (
        select org_id, max(learner_register_v1(learner_key)) as register
        from active_learners
        where source = v_source and day = p_day
        group by org_id, learner_register_v1(learner_key) >> 6
    ) as ranked
    group by org_id
    order by org_id
    on conflict (org_id, source, day) do nothing;
    update daily_rollups set is_frozen = true where source = v_source and day = p_day and not is_frozen;
    delete from active_learners where source = v_source and day = p_day;
    if v_source = 'progress' then
        delete from active_course_learners where day = p_day;
    else
        delete from process_runs where day = p_day;
    end if;
    return true;
end
$$;

revoke all on function rollcall.freeze_rollup_day_v1(text, date) from public;
