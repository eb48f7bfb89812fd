-- Returns whether an organisation's report statistics should be refreshed now: after progress events or finished
-- operations since the last refresh, but for no more than a twentieth of the time; and once an hour, because overdue
-- assignments depend on the clock, and assignments do not announce themselves. Binds the transaction to the
-- organisation.
-- Why one organisation at a time: under row-level security an index is searched by the transaction's organisations too,
-- in each partition; with all of them the time would grow with their square.
create or replace function rollcall.is_report_due_v1(p_org_id uuid, p_now timestamptz) returns boolean
language plpgsql
set search_path = rollcall, pg_temp
as $$
declare
    v_last organisation_statistics;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    select * into v_last from organisation_statistics where org_id = p_org_id;
    return v_last.as_of is null
        or v_last.as_of <= p_now - interval '1 hour'
        -- Transaction ids begin anew in a cluster that was restored from a dump.
        or v_last.refreshed_xid > pg_snapshot_xmax(pg_current_snapshot())
        or (
            v_last.as_of <= p_now - make_interval(secs => 20 * v_last.refresh_seconds)
            and (
                exists (
                    select from progress_events where org_id = p_org_id and stored_xid >= v_last.refreshed_xid
                )
                -- Clocks of functions and of the database differ by less than a minute.
                or exists (
                    select from operations
                    where org_id = p_org_id and finished_at > v_last.as_of - interval '1 minute'
                )
            )
        );
end
$$;

revoke all on function rollcall.is_report_due_v1(uuid, timestamptz) from public;
