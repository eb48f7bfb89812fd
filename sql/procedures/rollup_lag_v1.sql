-- How old, in seconds since we received it, the oldest event is that no rollup knows yet, whoever's it is; null when
-- none waits. Of what one organisation and source have waiting, the transaction that stored first is looked at.
create or replace function rollcall.rollup_lag_v1() returns double precision
language plpgsql
security definer
set search_path = rollcall, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_org_ids uuid[] := enter_all_organisations_v1();
begin
    return (
        -- Materialised: a comparison with coalesce is none that row-level security lets an index be searched by.
        with folded as materialized (
            select
                organisation.org_id, coalesce(progress.stored_xid, '0') as progress_xid,
                coalesce(analytics.stored_xid, '0') as analytics_xid
            from unnest(v_org_ids) as organisation (org_id)
            left join rollup_offsets as progress
                on organisation.org_id = progress.org_id and progress.source = 'progress'
            left join rollup_offsets as analytics
                on organisation.org_id = analytics.org_id and analytics.source = 'analytics'
        )
        select extract(epoch from clock_timestamp() - min(waiting.received_at))
        from folded
        cross join lateral (
            (
                select event.received_at from progress_events as event
                where event.org_id = folded.org_id and event.stored_xid > folded.progress_xid
                order by event.stored_xid
                limit 1
            )
            union all
            (
                select event.received_at from analytics_events as event
                where event.org_id = folded.org_id and event.stored_xid > folded.analytics_xid
                order by event.stored_xid
                limit 1
            )
        ) as waiting
    );
end
$$;

revoke all on function rollcall.rollup_lag_v1() from public;
grant execute on function rollcall.rollup_lag_v1() to rollcall_ops;
