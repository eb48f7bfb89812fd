-- Erases a learner from a part of one table or partition (searched_tables_v1). The learner's own rows are deleted. In
-- rows of others, mentions are removed: a value becomes null in JSON and where a column holds nothing else, and
-- `erased` within a text. Rows from after the erasure stay. A dry run counts, and changes nothing.
--
-- p_operation_id: the operation at work, whose own row still has to name the learner.
-- days: the days whose rollups are to be computed again. next_page: null when this was the last part.
create or replace function rollcall.erase_rows_v1(
    p_org_id uuid,
    p_operation_id uuid,
    p_table text,
    p_of text,
    p_from_page bigint,
    p_identifiers text[],
    p_erased_at timestamptz,
    p_is_dry_run boolean,
    out deleted bigint,
    out redacted bigint,
    out days date[],
    out next_page bigint
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
declare
    v_pattern text := mention_pattern_v1(p_identifiers);
    v_likes text[] := learner_likes_v1(p_identifiers);
    v_redaction text := redaction_v1(p_table::regclass);
    v_rows record;
    v_where text;
    v_is_of_events boolean := p_of in ('progress_events', 'analytics_events');
    v_is_of_days boolean := p_of in ('active_learners', 'active_course_learners');
    v_event_ids uuid[];
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    v_rows := learner_rows_v1(p_table, p_of, p_from_page);
    next_page := v_rows.next_page;
    v_where := v_rows.mentions;
    -- Rows of days have no such limit: computing the day again restores a learner who came back on the same day.
    if not v_is_of_days then
        v_where := v_where || ' and ' || v_rows.is_older;
    end if;
    if p_of = 'operations' then
        v_where := v_where || format(' and t.operation_id <> %L', p_operation_id);
    end if;
    execute format(
        'select count(*) filter (where %1$s), count(*) filter (where not %1$s), %2$s from %3$s as t where %4$s',
        v_rows.is_own,
        case
            when v_is_of_events then format(
                'array_agg(distinct t.occurred_at::date), array_agg(t.event_id) filter (where %s)', v_rows.is_own
            )
            when v_is_of_days then 'array_agg(distinct t.day), null::uuid[]'
            else 'null::date[], null::uuid[]'
        end,
        p_table, v_where
    ) into deleted, redacted, days, v_event_ids using p_org_id, v_pattern, p_identifiers, p_erased_at, v_likes;
    days := coalesce(days, '{}');
    if p_is_dry_run then
        return;
    end if;
    if deleted > 0 then
        execute format('delete from %s as t where %s and %s', p_table, v_where, v_rows.is_own)
        using p_org_id, v_pattern, p_identifiers, p_erased_at, v_likes;
        perform entomb_events_v2(
            p_org_id, case p_of when 'progress_events' then 'progress' else 'analytics' end, coalesce(v_event_ids, '{}')
        );
    end if;
    if redacted > 0 and v_redaction is not null then
        v_redaction := format('update %s as t set %s where %s', p_table, v_redaction, v_where);
        begin
            execute v_redaction using p_org_id, v_pattern, p_identifiers, p_erased_at, v_likes, p_operation_id::text;
        exception when unique_violation then
            -- The same text was stored again since this operation's last round: it gets a word of its own.
            execute v_redaction
            using p_org_id, v_pattern, p_identifiers, p_erased_at, v_likes, p_operation_id || clock_timestamp()::text;
        end;
    end if;
    perform mark_stale_days_v1(p_org_id, days);
end
$$;

revoke all on function rollcall.erase_rows_v1(
    uuid, uuid, text, text, bigint, text[], timestamptz, boolean
) from public;
grant execute on function rollcall.erase_rows_v1(
    uuid, uuid, text, text, bigint, text[], timestamptz, boolean
) to rollcall_ops;
