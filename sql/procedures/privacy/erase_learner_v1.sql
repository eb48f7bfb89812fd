-- Erases a learner's progress, and bars later arrivals from the time before. It is one transaction under the learner's
-- lock: a batch of the learner comes before it and is erased, or after it and is refused.
--
-- p_identifiers: every identifier of the learner here, the user's id among them.
-- Returns erased_at, counts by table, and the days of the erased events. A dry run counts, and changes nothing.
create or replace function rollcall.erase_learner_v1(
    p_org_id uuid,
    p_user_id uuid,
    p_identifiers text[],
    p_is_dry_run boolean,
    out erased_at timestamptz,
    out counts jsonb,
    out days date[]
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
set timezone = 'UTC'
as $$
declare
    v_event_ids uuid[];
    v_table text;
    v_rows bigint;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    -- The same locks as in ingest_progress_v1 and ingest_analytics_v1.
    perform pg_advisory_xact_lock(hashtextextended(p_user_id::text, 0));
    perform pg_advisory_xact_lock(hashtextextended('rollcall.analytics/' || p_org_id, 0));
    erased_at := clock_timestamp();
    if not p_is_dry_run then
        insert into erasures as known (org_id, digest, erased_at)
        select distinct p_org_id, learner_digest_v1(p_org_id, given.identifier), erase_learner_v1.erased_at
        from unnest(p_identifiers) as given (identifier)
        order by 2
        on conflict (org_id, digest) do update set erased_at = greatest(known.erased_at, excluded.erased_at);
    end if;

    select
        coalesce(array_agg(event_id), '{}'), coalesce(array_agg(distinct occurred_at::date), '{}'),
        jsonb_build_object('progress_events', count(*))
    into v_event_ids, days, counts
    from progress_events
    where org_id = p_org_id and user_id = p_user_id;
    if not p_is_dry_run then
        delete from progress_events where org_id = p_org_id and user_id = p_user_id;
        perform entomb_events_v2(p_org_id, 'progress', v_event_ids);
        perform mark_stale_days_v1(p_org_id, days);
    end if;
    -- Pending assignments first: this waits for a transaction that makes them now, and erases its assignments too.
    foreach v_table in array array[
        'pending_assignments', 'lesson_progress', 'course_progress', 'learners', 'assignments'
    ] loop
        execute format(
            case when p_is_dry_run then 'select from %I where org_id = $1 and user_id = $2'
                else 'delete from %I where org_id = $1 and user_id = $2'
            end, v_table
        ) using p_org_id, p_user_id;
        get diagnostics v_rows = row_count;
        counts := counts || jsonb_build_object(v_table, v_rows);
    end loop;
    if not p_is_dry_run then
        -- The learner's allowances of requests: without a row, an allowance is full.
        delete from rate_buckets where subject in (
            select prefix || identifier
            from unnest(p_identifiers) as given (identifier) cross join (values (''), ('analytics:')) as route (prefix)
        );
    end if;
end
$$;

revoke all on function rollcall.erase_learner_v1(uuid, uuid, text[], boolean) from public;
grant execute on function rollcall.erase_learner_v1(uuid, uuid, text[], boolean) to rollcall_ops;
