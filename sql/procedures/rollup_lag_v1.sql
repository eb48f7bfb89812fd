-- How old, in seconds since we received it, the oldest event is that no rollup knows yet, whoever's it is; null when
-- none waits. Of what one organisation and source have waiting, the transaction that stored first is looked at.
create or replace function rollcall.rollup_lag_v1() returns double precision
language plpgsql
security definer
set search_path = rollcall, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_org_ids uuid[] := enter_all_organisations_v1();
begin
    return (
        select extract(epoch from clock_timestamp() - min(waiting.received_at))
        from unnest(v_org_ids) as organisation (org_id)
        cross join lateral (
            (
                select event.received_at from progress_events as event
                where event.org_id = organisation.org_id
                    and event.stored_xid > coalesce((
                        select stored_xid from rollup_offsets
                        where org_id = organisation.org_id and source = 'progress'
                    ), '0')
                order by event.stored_xid
                limit 1
            )
            union all
            (
                select event.received_at from analytics_events as event
                where event.org_id = organisation.org_id
                    and event.stored_xid > coalesce((
                        select stored_xid from rollup_offsets
                        where org_id = organisation.org_id and source = 'analytics'
                    ), '0')
                order by event.stored_xid
                limit 1
            )
        ) as waiting
    );
end
$$;

revoke all on function rollcall.rollup_lag_v1() from public;
grant execute on function rollcall.rollup_lag_v1() to rollcall_ops;
