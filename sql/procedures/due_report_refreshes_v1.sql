-- Returns the organisations whose report statistics should be brought up to date now, those that waited longest first:
-- with progress events or finished operations since the last refresh, but none for more than a twentieth of the time;
-- and each once an hour, since what is overdue depends on the clock and assignments tell nobody.
create or replace function rollcall.due_report_refreshes_v1(p_now timestamptz) returns uuid[]
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform enter_all_organisations_v1();
    return (
        select coalesce(array_agg(org_id order by last.as_of nulls first, org_id), '{}')
        from unnest(current_org_ids()) as known (org_id)
        left join organisation_statistics as last using (org_id)
        where last.as_of is null
            or last.as_of <= p_now - interval '1 hour'
            -- Numbers of transactions begin anew in a cluster that was restored from a dump.
            or last.refreshed_xid > pg_snapshot_xmax(pg_current_snapshot())
            or (
                last.as_of <= p_now - make_interval(secs => 20 * last.refresh_seconds)
                and (
                    exists (
                        select from progress_events as event
                        where event.org_id = known.org_id and event.stored_xid >= last.refreshed_xid
                    )
                    -- Clocks of functions and of the database differ by less than a minute.
                    or exists (
                        select from operations as operation
                        where operation.org_id = known.org_id
                            and operation.finished_at > last.as_of - interval '1 minute'
                    )
                )
            )
    );
end
$$;

revoke all on function rollcall.due_report_refreshes_v1(timestamptz) from public;
grant execute on function rollcall.due_report_refreshes_v1(timestamptz) to rollcall_ops;
